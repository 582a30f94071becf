package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.generation.TokenRules;
import cglora.models.json.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /// Keys that change which tokens are written and are not followed, with the value that changes
    /// nothing; null stands for that, too.
    private static final Map<String, Double> CHANGING = new LinkedHashMap<>();

    static {
        CHANGING.put("guidance_scale", 1.0);
        CHANGING.put("num_return_sequences", 1.0);
        CHANGING.put("num_beam_groups", 1.0);
        CHANGING.put("diversity_penalty", 0.0);
        for (String key :
                List.of(
                        "force_words_ids",
                        "constraints",
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
        var ends = new ArrayList<>(ids(value(ENDS), ENDS));
        List<Integer> own = tokens(config, ENDS);
        if (!own.isEmpty() && ends.remove(own.getFirst())) {
            ends.addFirst(own.getFirst());
        }
        return List.copyOf(ends);
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

    /// What changes the scores of tokens: it stands in `generation_config.json`, or where there is
    /// none in `config.json`.
    ///
    /// @throws CgloraException M-CONFIG for a value that is none
    TokenRules rules() {
        JsonNode holder = file == null ? config : file;
        return new TokenRules(
                number(holder, "encoder_repetition_penalty", 1),
                number(holder, "repetition_penalty", 1),
                (int) number(holder, "no_repeat_ngram_size", 0),
                (int) number(holder, "encoder_no_repeat_ngram_size", 0),
                words(holder, "bad_words_ids"),
                (int) number(holder, "min_length", 0),
                (int) number(holder, "min_new_tokens", 0),
                tokens(holder, "forced_bos_token_id").stream().findFirst().orElse(null),
                Set.copyOf(tokens(holder, "forced_eos_token_id")),
                Set.copyOf(tokens(holder, "suppress_tokens")),
                Set.copyOf(tokens(holder, "begin_suppress_tokens")),
                Set.copyOf(endTokenIds()));
    }

    /// The exponent of the length that scores of beams are divided by.
    double lengthPenalty() {
        JsonNode holder = file == null ? config : file;
        return holder.path("length_penalty").asDouble(1);
    }

    /// Whether beams stop once as many have ended as there are.
    boolean stopsEarly() {
        JsonNode holder = file == null ? config : file;
        return holder.path("early_stopping").asBoolean(false);
    }

    private static double number(JsonNode holder, String key, double otherwise) {
        JsonNode value = holder.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        boolean penalty = otherwise == 1;
        if (!value.isNumber() || value.doubleValue() < 0 || penalty && value.doubleValue() == 0) {
            throw wrong(key, value, penalty ? "a number above 0" : "a number from 0 on");
        }
        return value.doubleValue();
    }

    private static List<Integer> tokens(JsonNode holder, String key) {
        return ids(holder.path(key), key);
    }

    private static List<Integer> ids(JsonNode value, String key) {
        List<JsonNode> all = value.isArray() ? value.valueStream().toList() : List.of(value);
        var ids = new ArrayList<Integer>();
        for (JsonNode id : all) {
            if (id.isMissingNode() || id.isNull()) {
                continue;
            }
            if (!id.isInt() || id.intValue() < 0) {
                throw wrong(key, value, "a token's id or a list of them");
            }
            ids.add(id.intValue());
        }
        return ids;
    }

    private static List<List<Integer>> words(JsonNode holder, String key) {
        var words = new ArrayList<List<Integer>>();
        JsonNode value = holder.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return words;
        }
        for (JsonNode word : value.valueStream().toList()) {
            boolean tokens =
                    word.isArray()
                            && !word.isEmpty()
                            && word.valueStream().allMatch(id -> id.isInt() && id.intValue() >= 0);
            if (!tokens) {
                throw wrong(key, value, "lists of tokens' ids");
            }
            words.add(word.valueStream().map(JsonNode::intValue).toList());
        }
        return words;
    }

    private static CgloraException wrong(String key, JsonNode value, String expected) {
        return new CgloraException(
                ErrorCode.M_CONFIG,
                key,
                "is " + value + ", expected " + expected,
                "correct " + FILE + " or config.json");
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

    /// What is followed only where it is asked for, by the option that asks for it; empty for none.
    List<String> options() {
        JsonNode holder = file == null ? config : file;
        var options = new ArrayList<String>();
        if (holder.path("num_beams").asInt(1) > 1) {
            options.add("--beams " + holder.path("num_beams").asInt());
        }
        if (holder.path("do_sample").asBoolean(false)) {
            options.add("--temperature " + holder.path("temperature").asDouble(1));
            options.add("--top-k " + holder.path("top_k").asInt(50));
            options.add("--top-p " + holder.path("top_p").asDouble(1));
        }
        return options;
    }

    /// Whether transformers would end no text, as its file names no token, and `config.json` does.
    boolean endsByConfigOnly() {
        return file != null && !file.hasNonNull(ENDS) && config.hasNonNull(ENDS);
    }
}
