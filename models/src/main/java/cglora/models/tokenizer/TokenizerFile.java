package cglora.models.tokenizer;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What is looked up in a `tokenizer.json` before the library reads it: parts that nobody knows,
/// and the special tokens.
///
/// @param specialTokens texts that become a special token wherever they occur
/// @param changed       the file as transformers changes it; empty where it stays what it is
/// @param ofWords       the file for sentences that are given by their words; empty for the same
///     one
record TokenizerFile(
        List<String> specialTokens, Optional<byte[]> changed, Optional<byte[]> ofWords) {
    private static final Set<String> MODELS = Set.of("BPE", "Unigram", "WordLevel", "WordPiece");
    private static final Set<String> NORMALIZERS =
            Set.of(
                    "BertNormalizer",
                    "ByteLevel",
                    "Lowercase",
                    "NFC",
                    "NFD",
                    "NFKC",
                    "NFKD",
                    "Nmt",
                    "Precompiled",
                    "Prepend",
                    "Replace",
                    "Sequence",
                    "Strip",
                    "StripAccents");
    private static final Set<String> PRE_TOKENIZERS =
            Set.of(
                    "BertPreTokenizer",
                    "ByteLevel",
                    "CharDelimiterSplit",
                    "Digits",
                    "FixedLength",
                    "Metaspace",
                    "Punctuation",
                    "Sequence",
                    "Split",
                    "UnicodeScripts",
                    "Whitespace",
                    "WhitespaceSplit");

    /// @param config what stands beside the file; null for nothing
    /// @throws CgloraException T-FORMAT with the name of every part that is not known, or of a key
    ///     of the configuration that contradicts the file
    static TokenizerFile read(byte[] json, TokenizerConfig config, String where) {
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.T_FORMAT,
                    where,
                    "not JSON: " + e.getOriginalMessage(),
                    "take the tokenizer.json that belongs to the model",
                    e);
        }
        var problems = new Problems();
        check(root.path("normalizer"), "normalizer", "normalizers", NORMALIZERS, where, problems);
        check(
                root.path("pre_tokenizer"),
                "pre_tokenizer",
                "pretokenizers",
                PRE_TOKENIZERS,
                where,
                problems);
        check(root.path("model"), "model", "", MODELS, where, problems);
        problems.throwIfAny();
        Optional<byte[]> changed =
                config != null && root instanceof ObjectNode object && config.change(object)
                        ? Optional.of(JsonMapper.shared().writeValueAsBytes(root))
                        : Optional.empty();
        var special = new ArrayList<String>();
        for (JsonNode token : root.path("added_tokens")) {
            if (token.path("special").asBoolean(false)) {
                special.add(token.path("content").asString(""));
            }
        }
        special.removeIf(String::isEmpty);
        return new TokenizerFile(List.copyOf(special), changed, ofWords(root));
    }

    /// A vocabulary of bytes knows words by the space before them: where the file does not put one
    /// there, each word is given one.
    private static Optional<byte[]> ofWords(JsonNode root) {
        JsonNode before = root.path("pre_tokenizer");
        if (!before.path("type").asString("").equals("ByteLevel")
                || before.path("add_prefix_space").asBoolean(true)) {
            return Optional.empty();
        }
        ((ObjectNode) before).put("add_prefix_space", true);
        return Optional.of(JsonMapper.shared().writeValueAsBytes(root));
    }

    private static void check(
            JsonNode part,
            String key,
            String inner,
            Set<String> known,
            String where,
            Problems problems) {
        if (!part.isObject() || !part.has("type")) {
            return; // absent, or of the time before types had names
        }
        String type = part.path("type").asString("");
        if (!known.contains(type)) {
            problems.error(
                    ErrorCode.T_FORMAT,
                    where,
                    "unknown " + key + " '" + type + "'",
                    "known: " + String.join(", ", known.stream().sorted().toList()));
        }
        for (JsonNode one : part.path(inner)) {
            check(one, key, inner, known, where, problems);
        }
    }
}
