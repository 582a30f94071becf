package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.json.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// How transformers' `generate` writes with a model where nothing is said:
/// `generation_config.json`, and where there is none the same keys in `config.json`.
///
/// @param file     `generation_config.json`; null for none
/// @param config   `config.json`, with what a pipeline replaces in it
/// @param replaced keys that a pipeline replaces: they go before the file
record GenerationConfig(JsonNode file, JsonNode config, Collection<String> replaced) {
    static final String FILE = "generation_config.json";

    private static final String ENDS = "eos_token_id";
    private static final String START = "decoder_start_token_id";

    /// Keys that change which tokens are written where the likeliest one is taken each time, with
    /// the value that changes nothing; null stands for that, too.
    private static final Map<String, Double> CHANGING = new LinkedHashMap<>();

    static {
        CHANGING.put("repetition_penalty", 1.0);
        CHANGING.put("encoder_repetition_penalty", 1.0);
        CHANGING.put("no_repeat_ngram_size", 0.0);
        CHANGING.put("encoder_no_repeat_ngram_size", 0.0);
        CHANGING.put("min_length", 0.0);
        CHANGING.put("min_new_tokens", 0.0);
        CHANGING.put("guidance_scale", 1.0);
        for (String key :
                List.of(
                        "suppress_tokens",
                        "begin_suppress_tokens",
                        "bad_words_ids",
                        "force_words_ids",
                        "constraints",
                        "forced_bos_token_id",
                        "forced_eos_token_id",
                        "forced_decoder_ids",
                        "exponential_decay_length_penalty",
                        "sequence_bias",
                        "stop_strings",
                        "watermarking_config",
                        "penalty_alpha",
                        "dola_layers")) {
            CHANGING.put(key, null);
        }
    }

    /// @param config   `config.json` with what replaces its keys
    /// @param replaced those keys
    /// @throws CgloraException M-CONFIG for a file that is no JSON object
    static GenerationConfig read(Path folder, JsonNode config, Collection<String> replaced) {
        return new GenerationConfig(object(folder.resolve(FILE)), config, replaced);
    }

    /// That of a model that was loaded.
    static GenerationConfig of(PretrainedModel model) {
        Path folder = Path.of(model.description());
        JsonNode own = Files.isDirectory(folder) ? object(folder.resolve("config.json")) : null;
        if (own == null) {
            return new GenerationConfig(null, model.config(), List.of());
        }
        var replaced = new ArrayList<String>();
        for (String key : List.of(ENDS, START)) {
            if (!model.config().path(key).equals(own.path(key))) {
                replaced.add(key);
            }
        }
        return read(folder, model.config(), replaced);
    }

    private static JsonNode object(Path file) {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            if (JsonFile.read(file, JsonFile.CONFIGURATION) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            throw broken(file, "not JSON: " + e.getOriginalMessage(), e);
        }
        throw broken(file, "is not an object", null);
    }

    private static CgloraException broken(Path file, String what, Exception cause) {
        return new CgloraException(
                ErrorCode.M_CONFIG, file.toString(), what, "fetch the file again", cause);
    }

    /// The value of a key: of the pipeline, else of `generation_config.json`, else of
    /// `config.json`.
    private JsonNode value(String key) {
        boolean inFile = file != null && file.hasNonNull(key) && !replaced.contains(key);
        return inFile ? file.path(key) : config.path(key);
    }

    /// The tokens that end a text; empty for none. The one that `config.json` names, which texts to
    /// learn from end with, goes before the others.
    ///
    /// @throws CgloraException M-CONFIG for one that is no token's id
    List<Integer> endTokenIds() {
        var ends = new ArrayList<>(ids(value(ENDS)));
        List<Integer> own = ids(config.path(ENDS));
        if (!own.isEmpty() && ends.remove(own.getFirst())) {
            ends.addFirst(own.getFirst());
        }
        return List.copyOf(ends);
    }

    private static List<Integer> ids(JsonNode value) {
        List<JsonNode> all = value.isArray() ? value.valueStream().toList() : List.of(value);
        var ids = new ArrayList<Integer>();
        for (JsonNode id : all) {
            if (id.isMissingNode() || id.isNull()) {
                continue;
            }
            if (!id.isInt() || id.intValue() < 0) {
                throw new CgloraException(
                        ErrorCode.M_CONFIG,
                        ENDS,
                        "is " + value + ", expected a token's id or a list of them",
                        "correct " + FILE + " or config.json");
            }
            ids.add(id.intValue());
        }
        return ids;
    }

    /// `config.json` with the tokens that an answer of an encoder–decoder model begins and ends
    /// with, as `generate` takes them.
    ///
    /// @param where the `config.json`, for messages
    /// @throws CgloraException M-CONFIG where an answer is to begin otherwise than in training
    JsonNode ofBody(String where) {
        if (file == null || !config.isObject()) {
            return config;
        }
        JsonNode start = value(START);
        if (config.hasNonNull(START) && !start.equals(config.path(START))) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    where,
                    "%s is %s, and %s in %s".formatted(START, config.path(START), start, FILE),
                    "correct the one that is wrong: a model that learnt with one token in front"
                            + " does not write behind another");
        }
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        config.properties().forEach(p -> all.set(p.getKey(), p.getValue()));
        if (!start.isMissingNode()) {
            all.set(START, start);
        }
        JsonNode ends = value(ENDS);
        if (start.isInt() && ends.size() > 1) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    where,
                    "%s is %s: several tokens end an answer".formatted(ENDS, ends),
                    "a model that reads one text and writes another ends with one token: leave"
                            + " that one in "
                            + FILE);
        }
        if (!ends.isMissingNode()) {
            all.set(ENDS, ends.isArray() && ends.size() == 1 ? ends.get(0) : ends);
        }
        return all;
    }

    /// What is not followed, as `KEY VALUE`.
    List<String> ignored() {
        JsonNode holder = file == null ? config : file;
        var found = new ArrayList<String>();
        CHANGING.forEach(
                (key, neutral) -> {
                    JsonNode value = holder.path(key);
                    boolean off =
                            value.isMissingNode()
                                    || value.isNull()
                                    || value.isContainer() && value.isEmpty()
                                    || neutral != null
                                            && value.isNumber()
                                            && value.doubleValue() == neutral;
                    if (!off) {
                        found.add(key + " " + value);
                    }
                });
        return found;
    }

    /// Whether transformers would end no text, as its file names no token, and `config.json` does.
    boolean endsByConfigOnly() {
        return file != null && !file.hasNonNull(ENDS) && config.hasNonNull(ENDS);
    }
}
