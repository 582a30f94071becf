package cglora.models.graph;

import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.program.Launch;
import java.util.ArrayList;
import java.util.List;

/// `y = x · weightᵀ + bias`.
///
/// @param x      [rows, in]
/// @param weight [out, in]
/// @param bias   [out]; null for none, or where a later op adds it
public record Linear(Tensor x, Tensor weight, Tensor bias) implements Op {
    public Linear {
        Op.requireShape("weight", weight, weight.shape().rows(), x.shape().last());
        if (bias != null) {
            Op.requireShape("bias", bias, weight.shape().rows());
        }
    }

    @Override
    public List<Tensor> inputs() {
        return bias == null ? List.of(x, weight) : List.of(x, weight, bias);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("linear", Shape.of(x.shape().rows(), weight.shape().rows())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(product(x, weight, bias, outputs.getFirst()));
    }

    /// The launch of `y = x · wᵀ + bias`.
    static Launch product(Tensor x, Tensor w, Tensor bias, Tensor y) {
        int rows = x.shape().rows();
        int out = w.shape().rows();
        int in = w.shape().last();
        Launch launch =
                bias == null
                        ? Launch.of(
                                MatmulKernels.MATMUL_NT,
                                rows,
                                x.buffer(),
                                w.buffer(),
                                y.buffer(),
                                out,
                                in,
                                1f,
                                0)
                        : Launch.of(
                                MatmulKernels.MATMUL_NT_BIAS,
                                rows,
                                x.buffer(),
                                w.buffer(),
                                bias.buffer(),
                                y.buffer(),
                                out,
                                in);
        return launch.withOperations(2L * rows * out * in);
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        var gradients = new ArrayList<Gradient>();
        gradients.add(
                Gradient.accumulating(
                        x, sum -> graph.apply(new Matmul(Matmul.Form.NN, dy, weight, 1f, sum))));
        gradients.add(
                Gradient.accumulating(
                        weight, sum -> graph.apply(new Matmul(Matmul.Form.TN, dy, x, 1f, sum))));
        if (bias != null) {
            gradients.add(Gradient.of(graph, bias, () -> graph.apply(new ColumnSum(dy))));
        }
        return gradients;
    }
}
