package cglora.models.t5;

import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.graph.GatedActivation;
import cglora.models.graph.Relu;
import cglora.models.graph.Tensor;
import java.util.List;

/// The feed-forward block of a T5: `wo · relu(wi x)`, or in version 1.1
/// `wo · (gelu(wi_0 x) ∘ wi_1 x)`.
///
/// @param inner one linear layer, or the gate and the other one
record T5FeedForward(List<LinearModule> inner, LinearModule output) {

    /// @param name path, `encoder.block.0.layer.1.DenseReluDense`
    static T5FeedForward of(String name, T5Config config) {
        int model = config.dModel();
        int inner = config.dFf();
        var output = new LinearModule(name + ".wo", inner, model, false);
        return config.gated()
                ? new T5FeedForward(
                        List.of(
                                new LinearModule(name + ".wi_0", model, inner, false),
                                new LinearModule(name + ".wi_1", model, inner, false)),
                        output)
                : new T5FeedForward(List.of(new LinearModule(name + ".wi", model, inner, false)), output);
    }

    /// [rows, d_model].
    Tensor build(ModelBuilder builder, Tensor x) {
        Tensor first = builder.linearWithoutBias(inner.getFirst(), x);
        Tensor activated =
                builder.graph()
                        .apply(
                                inner.size() == 1
                                        ? new Relu(first)
                                        : new GatedActivation(
                                                first,
                                                builder.linearWithoutBias(inner.get(1), x),
                                                GatedActivation.Form.GELU_TANH));
        return builder.linearWithoutBias(output, activated);
    }
}
