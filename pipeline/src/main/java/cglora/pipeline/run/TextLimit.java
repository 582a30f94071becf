package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.Dataset;
import cglora.models.data.RawExample;
import cglora.models.tokenizer.Truncation;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// How many tokens of a text a model was trained on, and which ones of a longer text: kept with
/// what was learnt, so that texts are read in the same way later.
///
/// @param tokens     at most
/// @param truncation which go
record TextLimit(int tokens, Truncation truncation) {
    /// Tokens of a text where nothing is said.
    static final int MAX_LENGTH = 128;

    private static final String TOKENS = "cglora.max_length";
    private static final String STRATEGY = "truncation";
    private static final String SIDE = "truncation_side";

    /// Tokens of a text at most, as an adapter's metadata say.
    static int tokens(Map<String, String> metadata) {
        return number(metadata, TOKENS, MAX_LENGTH);
    }

    /// A number of tokens in an adapter's metadata.
    ///
    /// @throws CgloraException A-CONFIG for what is no number, or below 1
    static int number(Map<String, String> metadata, String key, int byDefault) {
        String text = metadata.getOrDefault(key, "" + byDefault);
        if (!text.matches("[1-9]\\d{0,8}")) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    "the adapter's metadata",
                    "%s is '%s', expected a number of tokens".formatted(key, text),
                    "write the adapter again");
        }
        return Integer.parseInt(text);
    }

    /// What is cut, as an adapter's metadata say.
    static Truncation truncation(Map<String, String> metadata, String where) {
        return truncation(
                metadata.get("cglora." + STRATEGY), metadata.get("cglora." + SIDE), where);
    }

    /// As a model's `config.json` says in `cglora`.
    static Truncation truncation(JsonNode config, String where) {
        JsonNode own = config.path("cglora");
        return truncation(own.path(STRATEGY).asString(null), own.path(SIDE).asString(null), where);
    }

    private static Truncation truncation(String strategy, String side, String where) {
        Truncation other = Truncation.DEFAULT;
        try {
            return Truncation.of(
                    strategy == null ? other.strategyName() : strategy,
                    side == null ? other.sideName() : side);
        } catch (IllegalArgumentException _) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    where,
                    "says that texts are cut by '%s' at '%s'".formatted(strategy, side),
                    "longest_first, only_first or only_second; right or left");
        }
    }

    /// For an adapter's metadata; nothing of what transformers does by default.
    Map<String, String> metadata() {
        return truncation.equals(Truncation.DEFAULT)
                ? Map.of(TOKENS, "" + tokens)
                : Map.of(
                        TOKENS,
                        "" + tokens,
                        "cglora." + STRATEGY,
                        truncation.strategyName(),
                        "cglora." + SIDE,
                        truncation.sideName());
    }

    /// For `config.json`.
    void putInto(ObjectNode own) {
        own.put("max_length", tokens);
        if (!truncation.equals(Truncation.DEFAULT)) {
            own.put(STRATEGY, truncation.strategyName()).put(SIDE, truncation.sideName());
        }
    }

    /// @throws CgloraException D-LENGTH for a text that cannot be cut as it is asked for
    static void require(Dataset data, List<RawExample> examples, int most) {
        for (int i = 0; i < data.size(); i++) {
            if (data.tokens().length(i) > most) {
                throw new CgloraException(
                        ErrorCode.D_LENGTH,
                        "row " + examples.get(i).line(),
                        "has %d tokens, the model takes %d, and was trained to cut one text only, which is too short"
                                .formatted(data.tokens().fullLength(i), most),
                        "shorten the other text");
            }
        }
    }
}
