package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;
import java.util.List;

/// The sum over the rows of `x` [rows, columns]: the gradient of a bias [columns].
record ColumnSum(Tensor x) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("columnSum", Shape.of(x.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ReductionKernels.COLUMN_SUM,
                        x.shape().last(),
                        x.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().rows(),
                        x.shape().last()));
    }
}
