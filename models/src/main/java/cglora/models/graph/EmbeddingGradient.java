package cglora.models.graph;

import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Gradient of an embedding table.
record EmbeddingGradient(Tensor ids, Tensor dx, Tensor table) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(ids, dx);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dTable", table.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        EmbeddingKernels.EMBEDDING_GRADIENT,
                        table.shape().last(),
                        ids.buffer(),
                        dx.buffer(),
                        outputs.getFirst().buffer(),
                        dx.shape().rows(),
                        table.shape().rows(),
                        table.shape().last()));
    }
}
