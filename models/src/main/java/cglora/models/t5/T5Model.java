package cglora.models.t5;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.EncoderDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ModelFamily;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Sequences;
import cglora.models.graph.Embedding;
import cglora.models.graph.KeepRows;
import cglora.models.graph.Linear;
import cglora.models.graph.RelativeBias;
import cglora.models.graph.RmsNorm;
import cglora.models.graph.Scale;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// T5 (Raffel et al., arXiv 1910.10683), versions 1.0 and 1.1, with its head over the vocabulary.
public final class T5Model implements EncoderDecoder {
    public static final ModelFamily FAMILY = new ModelFamily("t5", "T5", T5Model::read);

    private static final String SHARED = "shared.weight";
    private static final String HEAD = "lm_head.weight";
    private static final List<String> TABLES =
            List.of(SHARED, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight");

    /// Positions are relative: nothing but the memory ends a sequence.
    private static final int MAX_POSITIONS = 1 << 20;

    private final ModelFamily family;
    private final T5Config config;
    private final boolean tied;
    private final List<T5Layer> encoder;
    private final List<T5Layer> decoder;

    private T5Model(ModelFamily family, T5Config config, boolean tied) {
        this.family = family;
        this.config = config;
        this.tied = tied;
        this.encoder = layers("encoder", config.numLayers(), false, config);
        this.decoder = layers("decoder", config.numDecoderLayers(), true, config);
    }

    private static T5Model read(ModelFamily family, JsonNode json, String where) {
        return new T5Model(family, T5Config.read(json, where), true);
    }

    private static List<T5Layer> layers(String stack, int count, boolean decoder, T5Config config) {
        return Stream.iterate(0, i -> i + 1)
                .limit(count)
                .map(i -> T5Layer.of(stack + ".block." + i, decoder, config))
                .toList();
    }

    /// Version 1.1 has a head of its own where the file does, version 1.0 where its values are not
    /// the embeddings'. The embeddings of the two stacks are one table.
    @Override
    public T5Model of(Set<String> tensors, BiPredicate<String, String> equal) {
        Optional<String> words = TABLES.stream().filter(tensors::contains).findFirst();
        for (String other : TABLES) {
            if (tensors.contains(other)
                    && !other.equals(words.orElse(other))
                    && !equal.test(words.get(), other)) {
                throw new CgloraException(
                        ErrorCode.M_TENSOR,
                        other,
                        "has other values than " + words.get(),
                        "only models whose encoder and decoder share their embeddings are"
                                + " supported: take another checkpoint");
            }
        }
        boolean own =
                tensors.contains(HEAD)
                        && !(config.scaled() && words.isPresent() && equal.test(words.get(), HEAD));
        return new T5Model(family, config, !own);
    }

    @Override
    public boolean isUntied() {
        return config.scaled() && !tied;
    }

    @Override
    public String modelType() {
        return family.modelType();
    }

    @Override
    public String generationClass() {
        return family.generationClass();
    }

    @Override
    public String prefix() {
        return "";
    }

    @Override
    public int hiddenSize() {
        return config.dModel();
    }

    @Override
    public int vocabularySize() {
        return config.vocabSize();
    }

    @Override
    public int maxPositions() {
        return MAX_POSITIONS;
    }

    @Override
    public int attentionHeads() {
        return config.numHeads();
    }

    @Override
    public int startTokenId() {
        return config.startToken();
    }

    @Override
    public int endTokenId() {
        return config.endToken();
    }

    @Override
    public List<ParameterSpec> parameters() {
        var specs = new ArrayList<ParameterSpec>();
        specs.add(ParameterSpec.matrix(SHARED, config.vocabSize(), config.dModel()));
        for (List<T5Layer> stack : List.of(encoder, decoder)) {
            stack.forEach(layer -> specs.addAll(layer.parameters()));
            specs.add(ParameterSpec.matrix(table(stack), config.buckets(), config.numHeads()));
        }
        specs.add(ParameterSpec.vector(finalNorm("encoder"), config.dModel()));
        specs.add(ParameterSpec.vector(finalNorm("decoder"), config.dModel()));
        if (!tied) {
            specs.add(ParameterSpec.matrix(HEAD, config.vocabSize(), config.dModel()));
        }
        return specs;
    }

    private static String table(List<T5Layer> stack) {
        return stack.getFirst().self().table();
    }

    private static String finalNorm(String stack) {
        return stack + ".final_layer_norm.weight";
    }

    @Override
    public List<LinearModule> linearModules() {
        return Stream.concat(encoder.stream(), decoder.stream())
                .flatMap(layer -> layer.modules().stream())
                .toList();
    }

    /// The embeddings' other names, and a table that early files have and nothing reads.
    @Override
    public List<String> otherHeads() {
        return List.of(
                "encoder.embed_tokens",
                "decoder.embed_tokens",
                "lm_head",
                "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias");
    }

    @Override
    public List<String> otherNames(String parameter) {
        return parameter.equals(SHARED) ? TABLES.subList(1, TABLES.size()) : List.of();
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("q", "v");
    }

    private Tensor embedded(ModelBuilder builder, Tensor words) {
        return builder.graph().apply(new Embedding(words, builder.parameter(SHARED)));
    }

    private Tensor normalized(ModelBuilder builder, String stack, Tensor x) {
        return builder.graph()
                .apply(
                        new RmsNorm(
                                x, builder.parameter(finalNorm(stack)), config.layerNormEpsilon()));
    }

    /// The bias of a whole sequence over itself.
    private Tensor bias(ModelBuilder builder, List<T5Layer> stack, int width) {
        boolean both = stack == encoder;
        var buckets = buckets(both);
        Tensor all =
                builder.constant(
                        both ? "encoder_buckets" : "decoder_buckets", buckets.all(width, width));
        return builder.graph().apply(new RelativeBias(builder.parameter(table(stack)), all));
    }

    private RelativeBuckets buckets(boolean both) {
        return new RelativeBuckets(config.buckets(), config.maxDistance(), both);
    }

    @Override
    public Tensor encode(ModelBuilder builder, Sequences source) {
        Tensor lengths = source.lengths();
        Tensor bias = bias(builder, encoder, source.width());
        Tensor x = embedded(builder, source.words());
        for (T5Layer layer : encoder) {
            x =
                    builder.layer(
                            x,
                            in ->
                                    layer.feedForward(
                                            builder,
                                            attended(builder, layer, in, bias, lengths, false)));
        }
        return normalized(builder, "encoder", x);
    }

    @Override
    public Tensor decode(ModelBuilder builder, Sequences target, Tensor states, Sequences source) {
        Tensor lengths = target.lengths();
        Tensor bias = bias(builder, decoder, target.width());
        Tensor x = embedded(builder, target.words());
        for (T5Layer layer : decoder) {
            x =
                    builder.layer(
                            x,
                            in -> {
                                Tensor own = attended(builder, layer, in, bias, lengths, true);
                                return layer.feedForward(
                                        builder,
                                        crossed(builder, layer, own, states, lengths, source));
                            });
        }
        return normalized(builder, "decoder", x);
    }

    /// A layer's attention within its sequence.
    private static Tensor attended(
            ModelBuilder builder,
            T5Layer layer,
            Tensor x,
            Tensor bias,
            Tensor lengths,
            boolean causal) {
        T5Attention self = layer.self();
        return layer.attend(
                builder,
                x,
                n ->
                        self.build(
                                builder,
                                n,
                                self.keys(builder, n),
                                self.values(builder, n),
                                bias,
                                lengths,
                                lengths,
                                causal));
    }

    /// A layer's attention over the source.
    private static Tensor crossed(
            ModelBuilder builder,
            T5Layer layer,
            Tensor x,
            Tensor states,
            Tensor lengths,
            Sequences source) {
        T5Attention cross = layer.cross().orElseThrow();
        return layer.attendSource(
                builder,
                x,
                n ->
                        cross.build(
                                builder,
                                n,
                                cross.keys(builder, states),
                                cross.values(builder, states),
                                null,
                                lengths,
                                source.lengths(),
                                false));
    }

    @Override
    public Tensor logits(ModelBuilder builder, Tensor hidden) {
        var graph = builder.graph();
        Tensor x = hidden;
        if (config.scaled()) {
            x = graph.apply(new Scale(hidden, (float) (1 / Math.sqrt(config.dModel()))));
        }
        return graph.apply(new Linear(x, builder.parameter(tied ? SHARED : HEAD), null));
    }

    @Override
    public int cacheSize() {
        return config.inner();
    }

    @Override
    public int decoderLayers() {
        return decoder.size();
    }

    @Override
    public List<KeyValues> sourceKeys(ModelBuilder builder, Tensor states) {
        var all = new ArrayList<KeyValues>();
        for (T5Layer layer : decoder) {
            T5Attention cross = layer.cross().orElseThrow();
            all.add(new KeyValues(cross.keys(builder, states), cross.values(builder, states)));
        }
        return all;
    }

    @Override
    public Tensor decodeStep(
            ModelBuilder builder,
            Tensor words,
            DecoderStep step,
            List<KeyValues> sourceOf,
            Tensor source) {
        var graph = builder.graph();
        Tensor bias =
                graph.apply(new RelativeBias(builder.parameter(table(decoder)), step.buckets()));
        Tensor x = embedded(builder, words);
        for (int i = 0; i < decoder.size(); i++) {
            T5Layer layer = decoder.get(i);
            T5Attention self = layer.self();
            KeyValues cache = step.caches().get(i);
            x =
                    layer.attend(
                            builder,
                            x,
                            n ->
                                    self.build(
                                            builder,
                                            n,
                                            graph.apply(
                                                    new KeepRows(
                                                            self.keys(builder, n),
                                                            step.starts(),
                                                            cache.keys())),
                                            graph.apply(
                                                    new KeepRows(
                                                            self.values(builder, n),
                                                            step.starts(),
                                                            cache.values())),
                                            bias,
                                            step.ones(),
                                            step.lengths(),
                                            false));
            T5Attention cross = layer.cross().orElseThrow();
            KeyValues of = sourceOf.get(i);
            x =
                    layer.attendSource(
                            builder,
                            x,
                            n ->
                                    cross.build(
                                            builder,
                                            n,
                                            of.keys(),
                                            of.values(),
                                            null,
                                            step.ones(),
                                            source,
                                            false));
            x = layer.feedForward(builder, x);
        }
        return normalized(builder, "decoder", x);
    }

    @Override
    public int[] stepBuckets(int position, int positions) {
        return buckets(false).ofQuery(position, positions);
    }
}
