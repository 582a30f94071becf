package cglora.models.graph;

import cglora.kernels.normalization.LayerNormKernels;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Supplier;

/// `y = normalized(x + bias + residual) · gain + shift`: the end of a Transformer's sublayer.
///
/// @param x        [rows, hidden]
/// @param bias     [hidden]
/// @param residual [rows, hidden]
/// @param gain     [hidden]
/// @param shift    [hidden]
public record ResidualLayerNorm(
        Tensor x, Tensor bias, Tensor residual, Tensor gain, Tensor shift, float eps)
        implements Op {
    public ResidualLayerNorm {
        int hidden = x.shape().last();
        Op.requireShape("bias", bias, hidden);
        Op.requireShape("residual", residual, x.shape().rows(), hidden);
        Op.requireShape("gain", gain, hidden);
        Op.requireShape("shift", shift, hidden);
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, bias, residual, gain, shift);
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
                        LayerNormKernels.RESIDUAL_LAYER_NORM,
                        x.shape().rows(),
                        x.buffer(),
                        bias.buffer(),
                        residual.buffer(),
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
        Supplier<Tensor> sum =
                Gradient.once(
                        () ->
                                graph.apply(
                                        new LayerNormInputGradient(
                                                dy, outputs.get(1), gain, outputs.get(2))));
        Supplier<Node> weights =
                Gradient.once(() -> graph.add(new LayerNormWeightGradient(dy, outputs.get(1))));
        return List.of(
                Gradient.of(graph, x, sum),
                Gradient.of(graph, bias, () -> graph.apply(new ColumnSum(sum.get()))),
                Gradient.of(graph, residual, sum),
                Gradient.of(graph, gain, () -> weights.get().output(0)),
                Gradient.of(graph, shift, () -> weights.get().output(1)));
    }
}
