package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `v = scaling · dy · loraB` [rows, r].
record LowRankBackProject(Tensor dy, Tensor loraB, float scaling) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, loraB);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("v", Shape.of(dy.shape().rows(), loraB.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = dy.shape().rows();
        int out = loraB.shape().rows();
        int r = loraB.shape().last();
        return List.of(
                Launch.of(
                                LowRankKernels.LOW_RANK_BACK_PROJECT,
                                rows,
                                dy.buffer(),
                                loraB.buffer(),
                                outputs.getFirst().buffer(),
                                out,
                                r,
                                scaling)
                        .withOperations(2L * rows * out * r));
    }
}
