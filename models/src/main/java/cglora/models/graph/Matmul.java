package cglora.models.graph;

import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `c = alpha · op(a) · op(b)`, added to `sum` where there is one.
///
/// @param form which operands are transposed
/// @param sum  a tensor that the product is added to in place; null for none
public record Matmul(Form form, Tensor a, Tensor b, float alpha, Tensor sum) implements Op {
    /// `N` as it is, `T` transposed; first `a`, then `b`.
    public enum Form {
        NN,
        NT,
        TN
    }

    public Matmul {
        if (inner(form, a) != (form == Form.NT ? b.shape().last() : b.shape().rows())) {
            throw new IllegalArgumentException(form + " product of " + a + " and " + b);
        }
    }

    public static Matmul of(Form form, Tensor a, Tensor b) {
        return new Matmul(form, a, b, 1f, null);
    }

    private static int inner(Form form, Tensor a) {
        return form == Form.TN ? a.shape().rows() : a.shape().last();
    }

    private int m() {
        return form == Form.TN ? a.shape().last() : a.shape().rows();
    }

    private int n() {
        return form == Form.NT ? b.shape().rows() : b.shape().last();
    }

    @Override
    public List<Tensor> inputs() {
        return sum == null ? List.of(a, b) : List.of(a, b, sum);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.into(sum, "product", Shape.of(m(), n())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        var c = outputs.getFirst().buffer();
        int k = inner(form, a);
        int accumulate = sum == null ? 0 : 1;
        Launch launch =
                switch (form) {
                    case NN ->
                            Launch.of(
                                    MatmulKernels.MATMUL_NN,
                                    m(),
                                    a.buffer(),
                                    b.buffer(),
                                    c,
                                    n(),
                                    k,
                                    alpha,
                                    accumulate);
                    case NT -> ProductLaunch.of(a, b, outputs.getFirst(), alpha, accumulate);
                    case TN ->
                            Launch.of(
                                    MatmulKernels.MATMUL_TN,
                                    m(),
                                    a.buffer(),
                                    b.buffer(),
                                    c,
                                    m(),
                                    n(),
                                    k,
                                    alpha,
                                    accumulate);
                };
        return List.of(launch.withOperations(2L * m() * n() * k));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        Gradient ofA =
                Gradient.accumulating(
                        a,
                        total ->
                                graph.apply(
                                        switch (form) {
                                            case NN -> new Matmul(Form.NT, dy, b, alpha, total);
                                            case NT -> new Matmul(Form.NN, dy, b, alpha, total);
                                            case TN -> new Matmul(Form.NT, b, dy, alpha, total);
                                        }));
        Gradient ofB =
                Gradient.accumulating(
                        b,
                        total ->
                                graph.apply(
                                        switch (form) {
                                            case NN -> new Matmul(Form.TN, a, dy, alpha, total);
                                            case NT -> new Matmul(Form.TN, dy, a, alpha, total);
                                            case TN -> new Matmul(Form.NN, a, dy, alpha, total);
                                        }));
        return sum == null
                ? List.of(ofA, ofB)
                : List.of(ofA, ofB, Gradient.of(graph, sum, () -> dy));
    }
}
