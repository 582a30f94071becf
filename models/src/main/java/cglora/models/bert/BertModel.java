package cglora.models.bert;

import cglora.models.block.BatchInputs;
import cglora.models.block.Encoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.Attention;
import cglora.models.graph.BiasGelu;
import cglora.models.graph.EmbeddingSum;
import cglora.models.graph.LayerNorm;
import cglora.models.graph.ResidualLayerNorm;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// BERT (Devlin et al., arXiv 1810.04805): post-norm encoder with learnt absolute positions.
public final class BertModel implements Encoder {
    private static final String PREFIX = "bert";

    private final BertConfig config;
    private final List<Layer> layers = new ArrayList<>();

    /// The linear layers of one encoder layer.
    private record Layer(
            String name,
            LinearModule query,
            LinearModule key,
            LinearModule value,
            LinearModule attentionOutput,
            LinearModule intermediate,
            LinearModule output) {
        List<LinearModule> modules() {
            return List.of(query, key, value, attentionOutput, intermediate, output);
        }

        String attentionNorm() {
            return name + ".attention.output.LayerNorm";
        }

        String outputNorm() {
            return name + ".output.LayerNorm";
        }
    }

    public BertModel(BertConfig config) {
        this.config = config;
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            String name = PREFIX + ".encoder.layer." + i;
            layers.add(
                    new Layer(
                            name,
                            new LinearModule(name + ".attention.self.query", hidden, hidden),
                            new LinearModule(name + ".attention.self.key", hidden, hidden),
                            new LinearModule(name + ".attention.self.value", hidden, hidden),
                            new LinearModule(name + ".attention.output.dense", hidden, hidden),
                            new LinearModule(name + ".intermediate.dense", hidden, inner),
                            new LinearModule(name + ".output.dense", inner, hidden)));
        }
    }

    public BertConfig config() {
        return config;
    }

    @Override
    public String modelType() {
        return "bert";
    }

    @Override
    public String classifierClass() {
        return "BertForSequenceClassification";
    }

    @Override
    public String prefix() {
        return PREFIX;
    }

    @Override
    public int hiddenSize() {
        return config.hiddenSize();
    }

    @Override
    public int vocabularySize() {
        return config.vocabSize();
    }

    @Override
    public int maxPositions() {
        return config.maxPositionEmbeddings();
    }

    @Override
    public List<ParameterSpec> parameters() {
        int hidden = config.hiddenSize();
        String embeddings = PREFIX + ".embeddings";
        var specs = new ArrayList<ParameterSpec>();
        specs.add(
                ParameterSpec.matrix(
                        embeddings + ".word_embeddings.weight", config.vocabSize(), hidden));
        specs.add(
                ParameterSpec.matrix(
                        embeddings + ".position_embeddings.weight",
                        config.maxPositionEmbeddings(),
                        hidden));
        specs.add(
                ParameterSpec.matrix(
                        embeddings + ".token_type_embeddings.weight",
                        config.typeVocabSize(),
                        hidden));
        addNorm(specs, embeddings + ".LayerNorm");
        for (Layer layer : layers) {
            for (LinearModule module : layer.modules()) {
                specs.add(ParameterSpec.matrix(module.weight(), module.out(), module.in()));
                specs.add(ParameterSpec.vector(module.bias(), module.out()));
            }
            addNorm(specs, layer.attentionNorm());
            addNorm(specs, layer.outputNorm());
        }
        return specs;
    }

    private void addNorm(List<ParameterSpec> specs, String name) {
        specs.add(ParameterSpec.vector(name + ".weight", config.hiddenSize()));
        specs.add(ParameterSpec.vector(name + ".bias", config.hiddenSize()));
    }

    @Override
    public List<LinearModule> linearModules() {
        return layers.stream().flatMap(layer -> layer.modules().stream()).toList();
    }

    @Override
    public Optional<LinearModule> pooler() {
        return Optional.of(
                new LinearModule(
                        PREFIX + ".pooler.dense", config.hiddenSize(), config.hiddenSize()));
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("query", "value");
    }

    @Override
    public Tensor build(ModelBuilder builder, BatchInputs inputs) {
        var graph = builder.graph();
        String embeddings = PREFIX + ".embeddings";
        Tensor sum =
                graph.apply(
                        new EmbeddingSum(
                                inputs.words(),
                                inputs.positions(),
                                inputs.types(),
                                builder.parameter(embeddings + ".word_embeddings.weight"),
                                builder.parameter(embeddings + ".position_embeddings.weight"),
                                builder.parameter(embeddings + ".token_type_embeddings.weight")));
        Tensor x =
                graph.apply(
                        new LayerNorm(
                                sum,
                                builder.parameter(embeddings + ".LayerNorm.weight"),
                                builder.parameter(embeddings + ".LayerNorm.bias"),
                                config.layerNormEps()));
        for (Layer layer : layers) {
            x = layer(builder, layer, x, inputs);
        }
        return x;
    }

    private Tensor layer(ModelBuilder builder, Layer layer, Tensor x, BatchInputs inputs) {
        var graph = builder.graph();
        int heads = config.numAttentionHeads();
        float scale = (float) (1 / Math.sqrt((double) config.hiddenSize() / heads));
        Tensor context =
                graph.apply(
                        new Attention(
                                builder.linear(layer.query(), x),
                                builder.linear(layer.key(), x),
                                builder.linear(layer.value(), x),
                                inputs.lengths(),
                                heads,
                                scale));
        Tensor attended =
                addAndNormalize(
                        builder, layer.attentionOutput(), context, x, layer.attentionNorm());
        Tensor inner = builder.linearWithoutBias(layer.intermediate(), attended);
        Tensor activated =
                graph.apply(
                        new BiasGelu(
                                inner,
                                builder.parameter(layer.intermediate().bias()),
                                config.exactGelu()));
        return addAndNormalize(builder, layer.output(), activated, attended, layer.outputNorm());
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
                                config.layerNormEps()));
    }
}
