package cglora.models.family;

import cglora.kernels.engine.LargeArrays;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.block.Body;
import cglora.models.block.CausalDecoder;
import cglora.models.block.Encoder;
import cglora.models.block.EncoderDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.chat.ChatTemplate;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.weights.Safetensors;
import cglora.models.weights.ShardedSafetensors;
import cglora.models.weights.WeightSource;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
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
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A pretrained model as people have it: a Hugging Face directory (`config.json`, safetensors), an
/// ONNX file, or `classpath:NAME.onnx` in a jar.
///
/// @param body        its body
/// @param weights     its checkpoint; the caller closes it
/// @param config      `config.json`, or what the ONNX file's shapes say
/// @param description where it came from
public record PretrainedModel(Body body, WeightSource weights, JsonNode config, String description)
        implements AutoCloseable {
    private static final String CLASSPATH = "classpath:";

    /// Bytes that the fingerprint takes at a time.
    private static final int CHUNK = 1 << 16;

    /// What transformers takes where a configuration says nothing.
    private static final double INITIALIZER_RANGE = 0.02;

    private static final String TOKENIZER = "tokenizer.json";
    private static final List<String> TOKENIZER_COMPANIONS =
            List.of(
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "vocab.txt",
                    "vocab.json",
                    "merges.txt",
                    "spiece.model",
                    "tokenizer.model",
                    "sentencepiece.bpe.model",
                    "chat_template.jinja",
                    "chat_template.json");

    /// Reads configuration and headers, not the weights.
    ///
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
                path.startsWith(CLASSPATH) || path.endsWith(".onnx")
                        ? OnnxModel.load(path, overrides)
                        : directory(Path.of(path), overrides, followLinks);
        try {
            model.checkTensors();
            return model;
        } catch (CgloraException e) {
            model.close();
            throw e;
        }
    }

    private static PretrainedModel directory(
            Path folder, Map<String, ?> overrides, boolean followLinks) {
        if (!Files.isDirectory(folder)) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    folder.toString(),
                    Files.exists(folder) ? "is a file, expected a model's folder" : "is not there",
                    "download the model's files (config.json, model.safetensors, tokenizer.json)"
                            + " into a folder and give its path; nothing is downloaded here");
        }
        if (!followLinks) {
            ModelLinks.check(folder);
        }
        Path configFile = folder.resolve("config.json");
        if (!Files.isRegularFile(configFile)) {
            boolean adapter = Files.exists(folder.resolve("adapter_config.json"));
            throw new CgloraException(
                    adapter ? ErrorCode.M_ADAPTER : ErrorCode.M_CONFIG,
                    folder.toString(),
                    adapter
                            ? "is a PEFT adapter, not a model" + baseOf(folder)
                            : "has no config.json; found " + listing(folder),
                    adapter
                            ? "give the folder of the base model that its adapter_config.json names"
                            : "take all files of the model");
        }
        JsonNode config;
        try {
            config = JsonMapper.shared().readTree(configFile.toFile());
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    configFile.toString(),
                    "not JSON: " + e.getOriginalMessage(),
                    "fetch the file again",
                    e);
        }
        if (!(config instanceof ObjectNode object)) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    configFile.toString(),
                    "is not an object",
                    "fetch it again");
        }
        overrides.forEach((key, value) -> object.set(key, JsonMapper.shared().valueToTree(value)));
        String where = configFile.toString();
        if (config.has("quantization_config")) {
            throw new CgloraException(
                    ErrorCode.M_DTYPE,
                    where,
                    "is a quantised checkpoint (quantization_config)",
                    "take the float checkpoint that it was made from");
        }
        if (config.has("auto_map")) {
            throw new CgloraException(
                    ErrorCode.M_FAMILY,
                    where,
                    "the model has code of its own (auto_map)",
                    "a model's own code is never run; " + ModelFamilies.supported());
        }
        Body body =
                ModelFamilies.body(
                        GenerationConfig.read(folder, config, overrides.keySet()).ofBody(where),
                        where);
        requirePadding(config, where, body.vocabularySize());
        WeightSource weights = checkpoint(folder);
        return new PretrainedModel(
                body.of(weights.names(), weights::equal), weights, config, folder.toString());
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

    private static String baseOf(Path adapter) {
        try {
            String base =
                    JsonMapper.shared()
                            .readTree(adapter.resolve("adapter_config.json").toFile())
                            .path("base_model_name_or_path")
                            .asString("");
            return base.isEmpty() ? "" : "; its base is " + base;
        } catch (JacksonException e) {
            return "";
        }
    }

    /// Padding is masked, so that its id only has to be one of the vocabulary's.
    private static void requirePadding(JsonNode config, String where, int vocabulary) {
        int pad = config.path("pad_token_id").asInt(0);
        if (pad < 0 || pad >= vocabulary) {
            throw new CgloraException(
                    ErrorCode.T_PADDING,
                    where,
                    "pad_token_id is %d, the vocabulary has 0 … %d".formatted(pad, vocabulary - 1),
                    "\"config\": {\"pad_token_id\": 0} in the model stage");
        }
    }

    private static WeightSource checkpoint(Path folder) {
        Path single = folder.resolve("model.safetensors");
        Path index = folder.resolve("model.safetensors.index.json");
        if (Files.isRegularFile(single)) {
            return new Safetensors(single);
        }
        if (Files.isRegularFile(index)) {
            return new ShardedSafetensors(index);
        }
        throw new CgloraException(
                ErrorCode.M_WEIGHTS,
                folder.toString(),
                "has no model.safetensors; found " + listing(folder),
                "convert the checkpoint with transformers: save_pretrained(…,"
                        + " safe_serialization=True); pickled files are never read");
    }

    private static String listing(Path folder) {
        try (var files = Files.list(folder)) {
            List<String> names =
                    files.map(f -> f.getFileName().toString()).sorted().limit(10).toList();
            return names.isEmpty() ? "nothing: the folder is empty" : String.join(", ", names);
        } catch (IOException e) {
            return "nothing that can be listed";
        }
    }

    static void requireThere(String path) {
        boolean bundled = path.startsWith(CLASSPATH);
        if (bundled
                ? PretrainedModel.class.getResource(resource(path)) == null
                : !Files.isRegularFile(Path.of(path))) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    path,
                    bundled ? "no jar on the class path holds it" : "is not there",
                    bundled ? "check the name, or give a file" : "give the path of the ONNX file");
        }
    }

    static InputStream open(String path) throws IOException {
        return path.startsWith(CLASSPATH)
                ? new Inflated(PretrainedModel.class.getResourceAsStream(resource(path)))
                : Files.newInputStream(Path.of(path));
    }

    /// What is packed in a jar, where passing over a part means to unpack it: in large pieces, not
    /// in the JDK's of 512 bytes.
    private static final class Inflated extends FilterInputStream {
        private final byte[] skipped = new byte[1 << 16];

        Inflated(InputStream packed) {
            super(packed);
        }

        @Override
        public long skip(long count) throws IOException {
            int read = in.read(skipped, 0, (int) Math.min(skipped.length, count));
            return Math.max(0, read);
        }
    }

    private static String resource(String path) {
        return "/" + path.substring(CLASSPATH.length());
    }

    /// The tokenizer beside the model, or at `path` where one is given.
    public Tokenizer tokenizer(String path) {
        String place = path != null ? path : description;
        if (place.startsWith(CLASSPATH)) {
            requireThere(place);
            try (InputStream stream = open(place)) {
                return Tokenizer.load(stream, place);
            } catch (IOException e) {
                throw new CgloraException(
                        ErrorCode.T_MISSING, place, e.getMessage(), "check it", e);
            }
        }
        return Tokenizer.load(tokenizerPlace(place, path == null));
    }

    /// The folder or file of a tokenizer that is not on the class path.
    private static Path tokenizerPlace(String place, boolean ofModel) {
        Path given = Path.of(place);
        return ofModel && place.endsWith(".onnx") ? given.toAbsolutePath().getParent() : given;
    }

    /// Copies the `tokenizer.json` that [#tokenizer] reads into a folder, and the files of the
    /// tokenizer that stand beside it.
    public void copyTokenizer(String path, Path folder) throws IOException {
        String place = path != null ? path : description;
        Path target = folder.resolve(TOKENIZER);
        if (place.startsWith(CLASSPATH)) {
            try (InputStream stream = open(place)) {
                Files.copy(stream, target);
            }
            return;
        }
        Path source = tokenizerPlace(place, path == null);
        Path file = Files.isDirectory(source) ? source.resolve(TOKENIZER) : source;
        Files.copy(file, target);
        for (String name : TOKENIZER_COMPANIONS) {
            Path other = file.resolveSibling(name);
            if (Files.isRegularFile(other)) {
                Files.copy(other, folder.resolve(name));
            }
        }
    }

    /// How conversations are written for the model: the template beside its tokenizer.
    ///
    /// @param path of the tokenizer where it is not the model's
    /// @return empty where there is none
    public Optional<ChatTemplate> chatTemplate(String path) {
        String place = path != null ? path : description;
        if (place.startsWith(CLASSPATH)) {
            return Optional.empty();
        }
        Path source = tokenizerPlace(place, path == null);
        return ChatTemplate.load(
                Files.isDirectory(source) ? source : source.toAbsolutePath().getParent());
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
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
        var specs = new ArrayList<>(body.parameters());
        if (hasPooler()) {
            LinearModule pooler = pooler().orElseThrow();
            specs.add(ParameterSpec.matrix(pooler.weight(), pooler.out(), pooler.in()));
            specs.add(ParameterSpec.vector(pooler.bias(), pooler.out()));
        }
        specs.sort(Comparator.comparing(ParameterSpec::name));
        long largest = specs.stream().mapToLong(ParameterSpec::size).max().orElse(0);
        float[] values = LargeArrays.floats(Math.toIntExact(largest));
        var bytes = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (ParameterSpec spec : specs) {
            digest.update(
                    (spec.name() + ' ' + spec.shape() + '\n').getBytes(StandardCharsets.UTF_8));
            weights.read(tensorOf(spec), values, 0);
            int step = CHUNK / Float.BYTES;
            for (int from = 0; from < spec.size(); from += step) {
                int count = Math.toIntExact(Math.min(step, spec.size() - from));
                bytes.asFloatBuffer().put(values, from, count);
                digest.update(bytes.array(), 0, count * Float.BYTES);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private void checkTensors() {
        var problems = new Problems();
        var missing = new ArrayList<String>();
        for (ParameterSpec spec : body.parameters()) {
            String tensor = tensorOf(spec);
            if (tensor == null) {
                missing.add(spec.name());
                continue;
            }
            long[] found = weights.shape(tensor);
            long[] expected = new long[spec.shape().rank()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = spec.shape().extent(i);
            }
            if (!Arrays.equals(found, expected)) {
                problems.error(
                        ErrorCode.M_SHAPE,
                        weights.description(),
                        "tensor '%s' is %s, config.json asks for %s"
                                .formatted(
                                        tensor, Arrays.toString(found), Arrays.toString(expected)),
                        "take the config.json that belongs to these weights");
            }
            if (!List.of("F32", "F16", "BF16", "F64").contains(weights.dtype(tensor))) {
                problems.error(
                        ErrorCode.M_DTYPE,
                        weights.description(),
                        "tensor '"
                                + tensor
                                + "' is "
                                + weights.dtype(tensor)
                                + ", weights are floats",
                        "take a float checkpoint");
            }
        }
        if (!missing.isEmpty()) {
            problems.error(
                    ErrorCode.M_TENSOR,
                    weights.description(),
                    missing.size()
                            + " tensors are missing: "
                            + String.join(", ", missing.subList(0, Math.min(5, missing.size()))),
                    "take a checkpoint of a " + body.modelType());
        }
        problems.throwIfAny();
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
