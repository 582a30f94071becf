package cglora.models.graph;

import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Supplier;

/// `y = normalized(x) · gain + shift` over the last extent.
///
/// @param x     [rows, hidden]
/// @param gain  [hidden]
/// @param shift [hidden]
public record LayerNorm(Tensor x, Tensor gain, Tensor shift, float eps) implements Op {
    public LayerNorm {
        Op.requireShape("gain", gain, x.shape().last());
        Op.requireShape("shift", shift, x.shape().last());
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, gain, shift);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of("layerNorm", x.shape()),
                Output.of("normalized", x.shape()),
                Output.of("rstd", Shape.of(x.shape().rows())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        LayerNormKernels.LAYER_NORM,
                        x.shape().rows(),
                        x.buffer(),
                        gain.buffer(),
                        shift.buffer(),
                        outputs.get(1).buffer(),
                        outputs.get(0).buffer(),
                        outputs.get(2).buffer(),
                        x.shape().last(),
                        eps));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        Supplier<Node> weights =
                Gradient.once(() -> graph.add(new LayerNormWeightGradient(dy, outputs.get(1))));
        return List.of(
                Gradient.of(
                        graph,
                        x,
                        () ->
                                graph.apply(
                                        new LayerNormInputGradient(
                                                dy, outputs.get(1), gain, outputs.get(2)))),
                Gradient.of(graph, gain, () -> weights.get().output(0)),
                Gradient.of(graph, shift, () -> weights.get().output(1)));
    }
}
