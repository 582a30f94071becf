package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.whitening.WhiteningKernels;
import java.util.List;

/// `gram += xᵀ · x` in place: a sum of outer products over all batches, K-FAC's factor but for its
/// divisor.
///
/// @param x    [rows, n]
/// @param gram [n, n]
public record Gram(Tensor x, Tensor gram) implements Op {
    public Gram {
        Op.requireShape("gram", gram, x.shape().last(), x.shape().last());
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, gram);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.into(gram, "gram", gram.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = x.shape().rows();
        int n = x.shape().last();
        return List.of(
                Launch.of(WhiteningKernels.GRAM_INTO, n, x.buffer(), gram.buffer(), rows, n, 1f)
                        .withOperations(2L * rows * n * n));
    }
}
