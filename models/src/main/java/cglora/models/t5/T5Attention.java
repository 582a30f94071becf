package cglora.models.t5;

import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.graph.BiasedAttention;
import cglora.models.graph.Tensor;
import java.util.List;

/// One attention of a T5: four projections without biases.
///
/// @param name path, `encoder.block.0.layer.0.SelfAttention`
record T5Attention(
        String name,
        LinearModule query,
        LinearModule key,
        LinearModule value,
        LinearModule output,
        int heads) {

    static T5Attention of(String name, T5Config config) {
        int model = config.dModel();
        int inner = config.inner();
        return new T5Attention(
                name,
                new LinearModule(name + ".q", model, inner, false),
                new LinearModule(name + ".k", model, inner, false),
                new LinearModule(name + ".v", model, inner, false),
                new LinearModule(name + ".o", inner, model, false),
                config.numHeads());
    }

    List<LinearModule> modules() {
        return List.of(query, key, value, output);
    }

    /// Name of the table of biases, which the first layer of a stack has.
    String table() {
        return name + ".relative_attention_bias.weight";
    }

    Tensor keys(ModelBuilder builder, Tensor states) {
        return builder.linearWithoutBias(key, states);
    }

    Tensor values(ModelBuilder builder, Tensor states) {
        return builder.linearWithoutBias(value, states);
    }

    /// [batch · queries, d_model].
    ///
    /// @param x    [batch · queries, d_model]
    /// @param bias null for none
    Tensor build(
            ModelBuilder builder,
            Tensor x,
            Tensor keys,
            Tensor values,
            Tensor bias,
            Tensor queryLengths,
            Tensor keyLengths,
            boolean causal) {
        Tensor queries = builder.linearWithoutBias(query, x);
        Tensor context =
                builder.graph()
                        .apply(
                                new BiasedAttention(
                                        queries,
                                        keys,
                                        values,
                                        bias,
                                        queryLengths,
                                        keyLengths,
                                        heads,
                                        causal));
        return builder.linearWithoutBias(output, context);
    }
}
