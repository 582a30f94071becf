package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.Body;
import cglora.models.block.CausalDecoder;
import cglora.models.block.Encoder;
import cglora.models.block.EncoderDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.cache.FileSums;
import cglora.models.generation.TokenRules;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// A pretrained model as people have it: a Hugging Face directory (`config.json`, safetensors), an
/// ONNX file, or `classpath:NAME.onnx` in a jar.
///
/// @param body        its body
/// @param weights     its checkpoint; the caller closes it
/// @param config      `config.json`, or what the ONNX file's shapes say
/// @param description where it came from
/// @param followLinks whether its files, and those of its tokenizer, may be links to somewhere else
public record PretrainedModel(
        Body body, WeightSource weights, JsonNode config, String description, boolean followLinks)
        implements AutoCloseable {
    /// Bytes that the fingerprint takes at a time.
    private static final int CHUNK = 1 << 20;

    /// What transformers takes where a configuration says nothing.
    private static final double INITIALIZER_RANGE = 0.02;

    /// Reads configuration and headers, not the weights.
    ///
    /// @param path      a folder, an ONNX file, or `classpath:NAME.onnx`
    /// @param overrides keys that replace those of `config.json`
    /// @throws CgloraException as [#load(String, Map, boolean)]
    public static PretrainedModel load(String path, Map<String, ?> overrides) {
        return load(path, overrides, false);
    }

    /// @param overrides   keys that replace those of `config.json`
    /// @param followLinks whether the folder's files may be links to somewhere else
    /// @throws CgloraException M-PATH, M-CONFIG, M-WEIGHTS, M-FAMILY, M-SHAPE, M-TENSOR, M-ONNX,
    ///     M-ADAPTER, X-PATH, or one of the S codes
    public static PretrainedModel load(String path, Map<String, ?> overrides, boolean followLinks) {
        PretrainedModel model =
                ClasspathFile.isPacked(path) || path.endsWith(".onnx")
                        ? OnnxModel.load(path, overrides, followLinks)
                        : ModelFolder.load(Path.of(path), overrides, followLinks);
        try {
            TensorCheck.check(model);
            return model;
        } catch (CgloraException e) {
            model.close();
            throw e;
        }
    }

    /// Its body where it is an encoder.
    ///
    /// @throws CgloraException M-FAMILY for another kind of body
    public Encoder encoder() {
        if (body instanceof Encoder encoder) {
            return encoder;
        }
        throw new CgloraException(
                ErrorCode.M_FAMILY,
                description,
                "a " + body.modelType() + " is no encoder with a head for classes",
                "\"task\": \"SEQ_2_SEQ_LM\" in the model stage: classes are written as words");
    }

    /// Whether it writes a sequence, by a head that is part of the body.
    public boolean isEncoderDecoder() {
        return body instanceof EncoderDecoder;
    }

    /// Whether it is a decoder that its configuration calls a language model.
    public boolean isLanguageModel() {
        return body instanceof CausalDecoder decoder
                && config.path("architectures")
                        .valueStream()
                        .anyMatch(n -> n.asString("").equals(decoder.languageModelClass()));
    }

    /// Its body where it reads one sequence and writes another.
    ///
    /// @throws CgloraException M-FAMILY for another kind of body
    public EncoderDecoder encoderDecoder() {
        if (body instanceof EncoderDecoder encoderDecoder) {
            return encoderDecoder;
        }
        throw new CgloraException(
                ErrorCode.M_FAMILY,
                description,
                "a " + body.modelType() + " writes no sequences",
                "task SEQ_2_SEQ_LM takes an encoder–decoder model, such as t5");
    }

    /// The same checkpoint with another body.
    public PretrainedModel withBody(Body other) {
        return new PretrainedModel(other, weights, config, description, followLinks);
    }

    /// Its body where it says which token comes next, with a head over the vocabulary.
    ///
    /// @throws CgloraException M-FAMILY for another kind of body, M-TENSOR where the head is
    ///     missing
    public CausalDecoder causalDecoder() {
        if (!(body instanceof CausalDecoder decoder)) {
            throw new CgloraException(
                    ErrorCode.M_FAMILY,
                    description,
                    "a " + body.modelType() + " is no language model",
                    "task CAUSAL_LM takes a decoder, such as llama or qwen2");
        }
        if (tensorOf(decoder.languageHead()) == null) {
            throw new CgloraException(
                    ErrorCode.M_TENSOR,
                    description,
                    "has no " + decoder.languageHead().name() + ", and its head is not tied",
                    "take a checkpoint of " + decoder.languageModelClass());
        }
        return decoder;
    }

    /// The tokens that end a text, as transformers' `generate` takes them; empty where there is
    /// none. Texts to learn from end with the first one.
    public List<Integer> endTokenIds() {
        return GenerationConfig.of(this).endTokenIds();
    }

    /// What `generate` changes of the scores of tokens before it chooses one.
    ///
    /// @throws CgloraException M-CONFIG for a value that is none
    public TokenRules tokenRules() {
        return GenerationConfig.of(this).rules();
    }

    /// The exponent of the length that scores of beams are divided by.
    public double lengthPenalty() {
        return GenerationConfig.of(this).lengthPenalty();
    }

    /// Whether beams stop once as many have ended as there are.
    public boolean stopsEarly() {
        return GenerationConfig.of(this).stopsEarly();
    }

    /// The tokenizer's files.
    ///
    /// @param path a folder or file, where it is not the model's; else null
    public TokenizerFiles tokenizerFiles(String path) {
        return TokenizerFiles.of(this, path);
    }

    /// The tokenizer beside the model, or at `path` where one is given.
    public Tokenizer tokenizer(String path) {
        return tokenizerFiles(path).load();
    }

    /// Copies `generation_config.json`, how transformers writes with the model by default, into a
    /// folder, where there is one.
    public void copyGeneration(Path folder) throws IOException {
        Path file = Path.of(description).resolve(GenerationConfig.FILE);
        if (Files.isRegularFile(file)) {
            Files.copy(file, folder.resolve(GenerationConfig.FILE));
        }
    }

    /// The tensor of the checkpoint that holds a parameter; null for none. Checkpoints name them
    /// with or without the prefix, and old ones call a norm's parameters gamma and beta.
    public String tensorOf(ParameterSpec spec) {
        String prefix = body.prefix();
        String bare = prefix.isEmpty() ? spec.name() : spec.name().substring(prefix.length() + 1);
        var names = new ArrayList<String>();
        for (String name : List.of(spec.name(), bare)) {
            names.add(name);
            names.add(
                    name.replace("LayerNorm.weight", "LayerNorm.gamma")
                            .replace("LayerNorm.bias", "LayerNorm.beta"));
        }
        names.addAll(body.otherNames(spec.name()));
        return names.stream().filter(weights.names()::contains).findFirst().orElse(null);
    }

    /// Whether the checkpoint brings a pooler.
    public boolean hasPooler() {
        return pooler().map(
                        p -> tensorOf(ParameterSpec.matrix(p.weight(), p.out(), p.in())) != null)
                .orElse(false);
    }

    private Optional<LinearModule> pooler() {
        return body instanceof Encoder encoder ? encoder.pooler() : Optional.empty();
    }

    /// Tensors that nothing asks for; heads and poolers that are left aside are not among them, nor
    /// are buffers that older releases saved.
    public List<String> unusedTensors() {
        var used = new HashSet<String>();
        for (ParameterSpec spec : body.parameters()) {
            used.add(tensorOf(spec));
        }
        return weights.names().stream()
                .filter(name -> !used.contains(name))
                .filter(name -> !name.matches("(.*\\.)?(" + heads() + ")\\..*"))
                .filter(name -> !name.matches("(.*\\.)?(position_ids|token_type_ids)"))
                .filter(name -> !name.contains("::")) // constants of an ONNX graph
                .sorted()
                .toList();
    }

    /// Modules whose tensors are known and left aside, as a regular expression.
    private String heads() {
        return Stream.of(
                        body.otherHeads(),
                        body instanceof Encoder encoder
                                ? encoder.classifierHead(1).saved()
                                : List.<String>of(),
                        pooler().map(LinearModule::name).stream().toList(),
                        List.of("pooler"))
                .flatMap(List::stream)
                .map(Pattern::quote)
                .collect(Collectors.joining("|"));
    }

    /// The head for sequences that the checkpoint may bring.
    ///
    /// @throws CgloraException M-FAMILY for a body that has none
    public CheckpointHead sequenceHead() {
        Encoder encoder = encoder();
        return new CheckpointHead(this, encoder::classifierHead, encoder.tokenClassifierClass());
    }

    /// The head for tokens that the checkpoint may bring.
    ///
    /// @throws CgloraException M-FAMILY for a body that has none
    public CheckpointHead tokenHead() {
        Encoder encoder = encoder();
        return new CheckpointHead(this, encoder::tokenHead, encoder.classifierClass());
    }

    /// Whether the checkpoint brings a head for sequences.
    public boolean hasHead() {
        return body instanceof Encoder && sequenceHead().isThere();
    }

    /// How many labels the checkpoint's head for sequences has.
    ///
    /// @throws CgloraException M-SHAPE for tensors that are no head of this model
    public int headOutputs() {
        return sequenceHead().outputs();
    }

    /// Standard deviation that transformers draws new weights with.
    public double initializerRange() {
        return config.path("initializer_range").asDouble(INITIALIZER_RANGE);
    }

    /// SHA-256 of the body's parameters and the pooler's, as float32 and by name: the same for
    /// every file that holds this model.
    public String fingerprint() {
        List<ParameterSpec> specs = fingerprinted();
        var what = new StringBuilder("fingerprint");
        for (ParameterSpec spec : specs) {
            what.append('\n').append(spec.name()).append(' ').append(spec.shape());
            what.append(' ').append(tensorOf(spec));
        }
        List<Path> files = weights.files();
        return files.isEmpty()
                ? fingerprint(specs)
                : FileSums.ofUser().of(what.toString(), files, () -> fingerprint(specs));
    }

    private List<ParameterSpec> fingerprinted() {
        var specs = new ArrayList<>(body.parameters());
        if (hasPooler()) {
            LinearModule pooler = pooler().orElseThrow();
            specs.add(ParameterSpec.matrix(pooler.weight(), pooler.out(), pooler.in()));
            specs.add(ParameterSpec.vector(pooler.bias(), pooler.out()));
        }
        specs.sort(Comparator.comparing(ParameterSpec::name));
        return specs;
    }

    private String fingerprint(List<ParameterSpec> specs) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
        var values = new float[CHUNK / Float.BYTES];
        var bytes = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (ParameterSpec spec : specs) {
            digest.update(
                    (spec.name() + ' ' + spec.shape() + '\n').getBytes(StandardCharsets.UTF_8));
            String tensor = tensorOf(spec);
            for (int from = 0; from < spec.size(); from += values.length) {
                int count = Math.toIntExact(Math.min(values.length, spec.size() - from));
                weights.read(tensor, from, count, values, 0);
                bytes.asFloatBuffer().put(values, 0, count);
                digest.update(bytes.array(), 0, count * Float.BYTES);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// The model's own class names, from `id2label`; empty where it has none.
    ///
    /// @throws CgloraException M-CONFIG for a key that is no number
    public Map<Integer, String> id2label() {
        var labels = new LinkedHashMap<Integer, String>();
        for (var property : config.path("id2label").properties()) {
            try {
                labels.put(Integer.valueOf(property.getKey()), property.getValue().asString());
            } catch (NumberFormatException e) {
                throw new CgloraException(
                        ErrorCode.M_CONFIG,
                        description(),
                        "id2label has the key '" + property.getKey() + "', expected a number",
                        "correct config.json",
                        e);
            }
        }
        return labels;
    }

    /// The id that fills up sequences.
    public int padTokenId() {
        JsonNode padding = config.path("pad_token_id");
        return padding.isInt() ? padding.intValue() : body.defaultPadding();
    }

    @Override
    public void close() {
        weights.close();
    }
}
