package cglora.models.bert;

import cglora.models.block.Activation;
import cglora.models.block.BatchInputs;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.Attention;
import cglora.models.graph.ResidualLayerNorm;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/// One layer of a post-norm encoder (Vaswani et al., arXiv 1706.03762): attention and a
/// feed-forward block, each followed by `LayerNorm(dense(x) + residual)`.
///
/// @param attentionNorm path of the norm behind attention
/// @param outputNorm    path of the norm behind the feed-forward block
/// @param activation    between the two layers of the feed-forward block
/// @param eps           of the norms
record PostNormLayer(
        LinearModule query,
        LinearModule key,
        LinearModule value,
        LinearModule attentionOutput,
        String attentionNorm,
        LinearModule intermediate,
        LinearModule output,
        String outputNorm,
        int heads,
        Activation activation,
        float eps) {

    /// The layers of a BERT, named as in `bert.encoder.layer.0`.
    static List<PostNormLayer> ofBert(String prefix, BertConfig config) {
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        var layers = new ArrayList<PostNormLayer>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            String name = prefix + ".encoder.layer." + i;
            layers.add(
                    new PostNormLayer(
                            new LinearModule(name + ".attention.self.query", hidden, hidden),
                            new LinearModule(name + ".attention.self.key", hidden, hidden),
                            new LinearModule(name + ".attention.self.value", hidden, hidden),
                            new LinearModule(name + ".attention.output.dense", hidden, hidden),
                            name + ".attention.output.LayerNorm",
                            new LinearModule(name + ".intermediate.dense", hidden, inner),
                            new LinearModule(name + ".output.dense", inner, hidden),
                            name + ".output.LayerNorm",
                            config.numAttentionHeads(),
                            config.activation(),
                            config.layerNormEps()));
        }
        return layers;
    }

    /// In the order of the forward pass.
    List<LinearModule> modules() {
        return List.of(query, key, value, attentionOutput, intermediate, output);
    }

    List<ParameterSpec> parameters() {
        var specs = new ArrayList<ParameterSpec>();
        for (LinearModule module : modules()) {
            specs.add(ParameterSpec.matrix(module.weight(), module.out(), module.in()));
            specs.add(ParameterSpec.vector(module.bias(), module.out()));
        }
        for (String norm : List.of(attentionNorm, outputNorm)) {
            specs.add(ParameterSpec.vector(norm + ".weight", query.in()));
            specs.add(ParameterSpec.vector(norm + ".bias", query.in()));
        }
        return specs;
    }

    /// [batch · width, hidden].
    ///
    /// @param x the same shape
    Tensor build(ModelBuilder builder, Tensor x, BatchInputs inputs) {
        Tensor context =
                builder.graph()
                        .apply(
                                new Attention(
                                        builder.linear(query, x),
                                        builder.linear(key, x),
                                        builder.linear(value, x),
                                        inputs.lengths(),
                                        heads,
                                        (float) (1 / Math.sqrt((double) query.out() / heads))));
        Tensor attended = addAndNormalize(builder, attentionOutput, context, x, attentionNorm);
        Tensor activated = builder.activated(intermediate, activation, attended);
        return addAndNormalize(builder, output, activated, attended, outputNorm);
    }

    /// `LayerNorm(dense(x) + residual)`.
    private Tensor addAndNormalize(
            ModelBuilder builder, LinearModule dense, Tensor x, Tensor residual, String norm) {
        return builder.graph()
                .apply(
                        new ResidualLayerNorm(
                                builder.linearWithoutBias(dense, x),
                                builder.parameter(dense.bias()),
                                residual,
                                builder.parameter(norm + ".weight"),
                                builder.parameter(norm + ".bias"),
                                eps));
    }
}
