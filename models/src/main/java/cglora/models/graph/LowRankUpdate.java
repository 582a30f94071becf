package cglora.models.graph;

import cglora.kernels.lowrank.LowRankKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = base + scaling · u · loraBᵀ`, in place of `base`: the unmerged LoRA layer, for inputs that
/// pass through dropout first.
///
/// @param base  [rows, out]
/// @param u     [rows, r]
/// @param loraB [out, r]
public record LowRankUpdate(Tensor base, Tensor u, Tensor loraB, float scaling) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(base, u, loraB);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.into(base, "linear", base.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = base.shape().rows();
        int out = base.shape().last();
        int r = u.shape().last();
        return List.of(
                Launch.of(
                                LowRankKernels.LOW_RANK_UPDATE,
                                rows,
                                u.buffer(),
                                loraB.buffer(),
                                base.buffer(),
                                out,
                                r,
                                scaling)
                        .withOperations(2L * rows * out * r));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(graph, base, () -> dy),
                Gradient.of(
                        graph, u, () -> graph.apply(new LowRankBackProject(dy, loraB, scaling))),
                Gradient.of(graph, loraB, () -> graph.apply(new LowRankGradientB(dy, u, scaling))));
    }
}
