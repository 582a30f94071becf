package cglora.models.tokenizer;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.json.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What `tokenizer_config.json` makes transformers change in the tokenizer of `tokenizer.json`: its
/// class builds parts anew by keys of its own, and special tokens that are named here are added.
///
/// @param keys      of `tokenizer_config.json`
/// @param modelType of the `config.json` beside it; empty where there is none
/// @param where     the `tokenizer_config.json`, for messages
record TokenizerConfig(JsonNode keys, String modelType, String where) {
    private static final String FILE = "tokenizer_config.json";
    private static final String METASPACE = "▁";

    private static final Set<String> BERT =
            Set.of("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer");
    private static final Set<String> BYTES = Set.of("RobertaTokenizer", "GPT2Tokenizer");

    /// Classes that transformers takes for a model whose files name none.
    private static final Map<String, String> CLASSES =
            Map.of(
                    "bert", "BertTokenizer",
                    "distilbert", "BertTokenizer",
                    "electra", "BertTokenizer",
                    "roberta", "RobertaTokenizer");

    /// Keys that name one special token, in the order in which they are added.
    private static final List<String> NAMES =
            List.of(
                    "bos_token",
                    "eos_token",
                    "unk_token",
                    "sep_token",
                    "pad_token",
                    "cls_token",
                    "mask_token");

    /// The file beside a `tokenizer.json`.
    ///
    /// @return null where there is none
    /// @throws CgloraException T-FORMAT for one that is no JSON object
    static TokenizerConfig beside(Path tokenizer) {
        Path file = tokenizer.resolveSibling(FILE);
        if (!Files.isRegularFile(file)) {
            return null;
        }
        Path model = tokenizer.resolveSibling("config.json");
        JsonNode config = Files.isRegularFile(model) ? read(model) : null;
        return new TokenizerConfig(
                read(file),
                config == null ? "" : config.path("model_type").asString(""),
                file.toString());
    }

    private static JsonNode read(Path file) {
        try {
            return JsonFile.read(file, JsonFile.CONFIGURATION);
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.T_FORMAT,
                    file.toString(),
                    "not JSON: " + e.getOriginalMessage(),
                    "take the file that belongs to the model",
                    e);
        }
    }

    /// Changes a tokenizer as transformers does.
    ///
    /// @param root of `tokenizer.json`
    /// @return whether anything was changed
    /// @throws CgloraException T-FORMAT with the key of a change that cannot be made here
    boolean change(ObjectNode root) {
        JsonNode before = root.deepCopy();
        if (keys.path("split_special_tokens").asBoolean(false)) {
            throw contradicts("split_special_tokens", "special tokens are always found in texts");
        }
        String name = keys.path("tokenizer_class").asString("").replaceFirst("Fast$", "");
        String type = name.isEmpty() ? CLASSES.getOrDefault(modelType, "") : name;
        if (BERT.contains(type)) {
            bert(root);
        } else if (BYTES.contains(type)) {
            bytes(root);
        } else if (type.equals("LlamaTokenizer") && modelType.equals("llama")) {
            llama(root);
        } else if (type.equals("Qwen2Tokenizer")
                && keys.path("add_prefix_space").asBoolean(false)) {
            throw contradicts("add_prefix_space", "a " + type + " here has no space in front");
        } else if (type.equals("XLMRobertaTokenizer")
                && !keys.path("add_prefix_space").asBoolean(true)) {
            throw contradicts("add_prefix_space", "an " + type + " here has a space in front");
        }
        addSpecialTokens(root);
        return !root.equals(before);
    }

    private CgloraException contradicts(String key, String what) {
        return new CgloraException(
                ErrorCode.T_FORMAT,
                where,
                "%s is %s: %s".formatted(key, keys.path(key), what),
                "save the tokenizer with transformers' save_pretrained, take tokenizer_class out of"
                        + " "
                        + FILE
                        + " and correct "
                        + key);
    }

    /// `BertNormalizer` as the class's own keys have it.
    private void bert(ObjectNode root) {
        boolean lower = keys.path("do_lower_case").asBoolean(true);
        boolean chinese = keys.path("tokenize_chinese_chars").asBoolean(true);
        JsonNode strip = keys.path("strip_accents");
        if (!(root.path("normalizer") instanceof ObjectNode normalizer)
                || !normalizer.path("type").asString("").equals("BertNormalizer")) {
            for (String key : List.of("do_lower_case", "tokenize_chinese_chars", "strip_accents")) {
                if (keys.hasNonNull(key)) {
                    throw contradicts(key, "the tokenizer.json has no BertNormalizer");
                }
            }
            return;
        }
        normalizer.put("lowercase", lower);
        normalizer.put("handle_chinese_chars", chinese);
        if (strip.isBoolean()) {
            normalizer.put("strip_accents", strip.booleanValue());
        } else {
            normalizer.putNull("strip_accents");
        }
    }

    private void bytes(ObjectNode root) {
        boolean space = keys.path("add_prefix_space").asBoolean(false);
        if (root.path("pre_tokenizer") instanceof ObjectNode before
                && before.path("type").asString("").equals("ByteLevel")) {
            before.put("add_prefix_space", space);
        } else if (space) {
            throw contradicts("add_prefix_space", "the tokenizer.json has no ByteLevel");
        }
    }

    /// Pieces behind a mark for a space, which the first one has, and those behind special tokens
    /// where `legacy` says so. Vocabularies of bytes stay as they are.
    private void llama(ObjectNode root) {
        if (!(root.path("model") instanceof ObjectNode model)
                || !model.path("type").asString("").equals("BPE")
                || root.path("pre_tokenizer").toString().contains("ByteLevel")
                || root.path("decoder").toString().contains("ByteLevel")) {
            return;
        }
        boolean space = keys.path("add_prefix_space").asBoolean(true);
        boolean legacy = keys.path("legacy").asBoolean(false);
        model.put("fuse_unk", true);
        model.put("byte_fallback", true);
        root.putNull("normalizer");
        root.putObject("pre_tokenizer")
                .put("type", "Metaspace")
                .put("replacement", METASPACE)
                .put("prepend_scheme", !space ? "never" : legacy ? "always" : "first")
                .put("split", false);
    }

    /// Tokens that the file does not know are special ones behind its vocabulary, or the word that
    /// they are in it.
    private void addSpecialTokens(ObjectNode root) {
        var wanted = new ArrayList<JsonNode>();
        keys.path("added_tokens_decoder").properties().stream()
                .sorted(Map.Entry.comparingByKey(TokenizerConfig::byNumber))
                .forEach(entry -> wanted.add(entry.getValue()));
        NAMES.forEach(name -> wanted.add(keys.path(name)));
        for (String list : List.of("additional_special_tokens", "extra_special_tokens")) {
            keys.path(list).valueStream().forEach(wanted::add);
        }
        ArrayNode added =
                root.path("added_tokens") instanceof ArrayNode array
                        ? array
                        : root.putArray("added_tokens");
        for (JsonNode token : wanted) {
            String content = token.isObject() ? token.path("content").asString("") : text(token);
            boolean known =
                    added.valueStream()
                            .anyMatch(t -> t.path("content").asString("").equals(content));
            if (!content.isEmpty() && !known) {
                add(root, added, content, token);
            }
        }
    }

    private static int byNumber(String one, String other) {
        int byLength = Integer.compare(one.length(), other.length());
        return byLength != 0 ? byLength : one.compareTo(other);
    }

    private static String text(JsonNode token) {
        return token.isString() ? token.stringValue() : "";
    }

    private static void add(ObjectNode root, ArrayNode added, String content, JsonNode token) {
        JsonNode vocabulary = root.path("model").path("vocab");
        int id = id(vocabulary, content);
        if (id < 0) {
            id = vocabulary.size();
            for (JsonNode other : added) {
                id = Math.max(id, other.path("id").asInt(0) + 1);
            }
        }
        boolean special = token.path("special").asBoolean(true);
        added.addObject()
                .put("id", id)
                .put("content", content)
                .put("single_word", token.path("single_word").asBoolean(false))
                .put("lstrip", token.path("lstrip").asBoolean(false))
                .put("rstrip", token.path("rstrip").asBoolean(false))
                .put("normalized", token.path("normalized").asBoolean(!special))
                .put("special", special);
    }

    /// @return -1 for no word of the vocabulary
    private static int id(JsonNode vocabulary, String content) {
        if (vocabulary.isObject()) {
            return vocabulary.path(content).asInt(-1);
        }
        for (int i = 0; i < vocabulary.size(); i++) {
            if (vocabulary.get(i).path(0).asString("").equals(content)) {
                return i;
            }
        }
        return -1;
    }
}
