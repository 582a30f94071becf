package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `weight + scaling · loraB · loraA` [out, in].
record LoraMerge(Tensor weight, Tensor loraA, Tensor loraB, float scaling) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(weight, loraA, loraB);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("merged", weight.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(launch(weight, loraA, loraB, scaling, outputs.getFirst()));
    }

    static Launch launch(Tensor weight, Tensor loraA, Tensor loraB, float scaling, Tensor merged) {
        int out = weight.shape().rows();
        int in = weight.shape().last();
        int r = loraA.shape().rows();
        return Launch.of(
                        LowRankKernels.LOW_RANK_MERGE,
                        out,
                        weight.buffer(),
                        loraB.buffer(),
                        loraA.buffer(),
                        merged.buffer(),
                        in,
                        r,
                        scaling)
                .withOperations(2L * out * in * r);
    }
}
