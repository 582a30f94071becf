package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ChoiceKernels;
import java.util.List;

/// The column of the largest element of each row [rows], the first of equals, as a float.
///
/// @param x [rows, columns], at most 2²⁴ columns
public record RowArgMax(Tensor x) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(x);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("choice", Shape.of(x.shape().rows())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        ChoiceKernels.ROW_ARG_MAX,
                        x.shape().rows(),
                        x.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }
}
