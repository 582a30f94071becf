package cglora.models.llama;

import cglora.models.block.BatchInputs;
import cglora.models.block.CausalDecoder;
import cglora.models.block.ClassifierHead;
import cglora.models.block.Constant;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ModelFamily;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.Embedding;
import cglora.models.graph.RmsNorm;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/// Decoders of Llama's form: Llama 1 to 3 and SmolLM (Touvron et al., arXiv 2302.13971 and
/// 2307.09288; Grattafiori et al., arXiv 2407.21783), Mistral (Jiang et al., arXiv 2310.06825),
/// Qwen2 and 2.5 (arXiv 2407.10671, 2412.15115) and Qwen3 (arXiv 2505.09388). A token sees what is
/// in front of it, so that the last one stands for a sequence.
public final class LlamaModel implements CausalDecoder {
    public static final ModelFamily LLAMA = family("llama", "Llama", DecoderConfig.Kind.LLAMA);
    public static final ModelFamily MISTRAL =
            family("mistral", "Mistral", DecoderConfig.Kind.MISTRAL);
    public static final ModelFamily QWEN2 = family("qwen2", "Qwen2", DecoderConfig.Kind.QWEN2);
    public static final ModelFamily QWEN3 = family("qwen3", "Qwen3", DecoderConfig.Kind.QWEN3);

    private static final String PREFIX = "model";
    private static final String WORDS = PREFIX + ".embed_tokens.weight";
    private static final String NORM = PREFIX + ".norm.weight";
    private static final String LANGUAGE_HEAD = "lm_head.weight";
    private static final String COS = PREFIX + ".rotary_emb.cos";
    private static final String SIN = PREFIX + ".rotary_emb.sin";

    private final ModelFamily family;
    private final DecoderConfig config;
    private final boolean tied;
    private final List<DecoderLayer> layers;

    private LlamaModel(ModelFamily family, DecoderConfig config, boolean tied) {
        this.family = family;
        this.config = config;
        this.tied = tied;
        var all = new ArrayList<DecoderLayer>();
        for (int i = 0; i < config.windows().size(); i++) {
            all.add(new DecoderLayer(PREFIX, i, config, config.windows().get(i)));
        }
        this.layers = List.copyOf(all);
    }

    private static ModelFamily family(String type, String classes, DecoderConfig.Kind kind) {
        return new ModelFamily(
                type,
                classes,
                (family, json, where) -> {
                    var config = DecoderConfig.read(kind, json, where);
                    return new LlamaModel(family, config, config.tied());
                });
    }

    /// A head of its own is never tied, whatever the configuration says.
    @Override
    public LlamaModel of(Set<String> tensors, BiPredicate<String, String> equal) {
        boolean own = tensors.contains(LANGUAGE_HEAD);
        String words = tensors.contains(WORDS) ? WORDS : WORDS.substring(PREFIX.length() + 1);
        boolean apart =
                config.tied()
                        && own
                        && tensors.contains(words)
                        && !equal.test(words, LANGUAGE_HEAD);
        return apart ? new LlamaModel(family, config, false) : this;
    }

    @Override
    public boolean isUntied() {
        return config.tied() && !tied;
    }

    @Override
    public String modelType() {
        return family.modelType();
    }

    @Override
    public String classifierClass() {
        return family.classifierClass();
    }

    @Override
    public String tokenClassifierClass() {
        return family.tokenClassifierClass();
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
        return config.maxPositions();
    }

    @Override
    public int attentionHeads() {
        return config.attentionHeads();
    }

    @Override
    public int tokenTypes() {
        return 1;
    }

    @Override
    public List<ParameterSpec> parameters() {
        var specs = new ArrayList<ParameterSpec>();
        specs.add(ParameterSpec.matrix(WORDS, config.vocabSize(), config.hiddenSize()));
        layers.forEach(layer -> specs.addAll(layer.parameters()));
        specs.add(ParameterSpec.vector(NORM, config.hiddenSize()));
        return specs;
    }

    @Override
    public List<Constant> constants() {
        int positions = config.maxPositions();
        int half = config.headSize() / 2;
        return List.of(
                new Constant(
                        ParameterSpec.matrix(COS, positions, half),
                        () -> config.rotary().cosines(positions)),
                new Constant(
                        ParameterSpec.matrix(SIN, positions, half),
                        () -> config.rotary().sines(positions)));
    }

    @Override
    public List<LinearModule> linearModules() {
        var modules = new ArrayList<LinearModule>();
        layers.forEach(layer -> modules.addAll(layer.modules()));
        return modules;
    }

    @Override
    public Optional<LinearModule> pooler() {
        return Optional.empty();
    }

    @Override
    public ClassifierHead classifierHead(int labels) {
        return ClassifierHead.withoutBias("score", config.hiddenSize(), labels);
    }

    @Override
    public ClassifierHead tokenHead(int labels) {
        return ClassifierHead.of("score", config.hiddenSize(), labels);
    }

    @Override
    public List<String> otherHeads() {
        return List.of("lm_head", "qa_outputs", "rotary_emb");
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("q_proj", "v_proj");
    }

    @Override
    public String languageModelClass() {
        return family.languageModelClass();
    }

    @Override
    public ParameterSpec languageHead() {
        return ParameterSpec.matrix(
                tied ? WORDS : LANGUAGE_HEAD, config.vocabSize(), config.hiddenSize());
    }

    @Override
    public boolean isTied() {
        return tied;
    }

    @Override
    public LlamaModel untied() {
        return tied ? new LlamaModel(family, config, false) : this;
    }

    @Override
    public List<String> otherNames(String parameter) {
        boolean fromWords = config.tied() && parameter.equals(LANGUAGE_HEAD);
        return fromWords ? List.of(WORDS, WORDS.substring(PREFIX.length() + 1)) : List.of();
    }

    @Override
    public int keptLayers() {
        return layers.size();
    }

    @Override
    public int keptSize() {
        return config.keyValueHeads() * config.headSize();
    }

    @Override
    public Tensor build(ModelBuilder builder, BatchInputs inputs) {
        return goOn(builder, null, inputs, false);
    }

    @Override
    public Tensor goOn(ModelBuilder builder, Kept kept, BatchInputs inputs, boolean goesOn) {
        var graph = builder.graph();
        var pass =
                new DecoderLayer.Pass(
                        inputs, builder.parameter(COS), builder.parameter(SIN), kept, goesOn);
        Tensor x = graph.apply(new Embedding(inputs.words(), builder.parameter(WORDS)));
        for (DecoderLayer layer : layers) {
            x = builder.layer(x, in -> layer.build(builder, in, pass));
        }
        return graph.apply(new RmsNorm(x, builder.parameter(NORM), config.eps()));
    }
}
