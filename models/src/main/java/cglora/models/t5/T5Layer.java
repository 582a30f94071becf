package cglora.models.t5;

import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.AddInto;
import cglora.models.graph.RmsNorm;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// One layer of a stack: attention within the sequence, in a decoder attention over the source, and
/// a feed-forward block, each `x + f(norm(x))`.
///
/// @param name      path, `decoder.block.0`
/// @param self      attention within the sequence
/// @param cross     attention over the source; empty in an encoder
/// @param model     features
/// @param eps       of the norms
record T5Layer(
        String name,
        T5Attention self,
        Optional<T5Attention> cross,
        T5FeedForward feedForward,
        int model,
        float eps) {

    static T5Layer of(String name, boolean decoder, T5Config config) {
        String part = name + ".layer.";
        return new T5Layer(
                name,
                T5Attention.of(part + "0.SelfAttention", config),
                decoder
                        ? Optional.of(T5Attention.of(part + "1.EncDecAttention", config))
                        : Optional.empty(),
                T5FeedForward.of(part + (decoder ? 2 : 1) + ".DenseReluDense", config),
                config.dModel(),
                config.layerNormEpsilon());
    }

    /// In the order of the forward pass.
    List<LinearModule> modules() {
        var modules = new ArrayList<>(self.modules());
        cross.ifPresent(attention -> modules.addAll(attention.modules()));
        modules.addAll(feedForward.inner());
        modules.add(feedForward.output());
        return modules;
    }

    private int parts() {
        return cross.isPresent() ? 3 : 2;
    }

    private String norm(int part) {
        return name + ".layer." + part + ".layer_norm.weight";
    }

    List<ParameterSpec> parameters() {
        var specs = new ArrayList<ParameterSpec>();
        modules().forEach(module -> specs.addAll(module.parameters()));
        for (int part = 0; part < parts(); part++) {
            specs.add(ParameterSpec.vector(norm(part), model));
        }
        return specs;
    }

    Tensor attend(ModelBuilder builder, Tensor x, UnaryOperator<Tensor> attention) {
        return residual(builder, x, 0, attention);
    }

    Tensor attendSource(ModelBuilder builder, Tensor x, UnaryOperator<Tensor> attention) {
        return residual(builder, x, 1, attention);
    }

    Tensor feedForward(ModelBuilder builder, Tensor x) {
        return residual(builder, x, parts() - 1, n -> feedForward.build(builder, n));
    }

    private Tensor residual(ModelBuilder builder, Tensor x, int part, UnaryOperator<Tensor> f) {
        var graph = builder.graph();
        Tensor normalized = graph.apply(new RmsNorm(x, builder.parameter(norm(part)), eps));
        return graph.apply(new AddInto(x, f.apply(normalized)));
    }
}
