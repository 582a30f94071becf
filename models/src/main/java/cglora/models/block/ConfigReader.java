package cglora.models.block;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/// Reads a `config.json`. The sizes that make a model have to be there; where another key is
/// missing, the default is the one of transformers' configuration class of the family. All
/// problems are thrown at once.
public final class ConfigReader {
    private static final String ITS_CONFIG = "take the config.json that belongs to these weights";

    /// What transformers takes in encoders.
    private static final String GELU = "gelu";

    private static final int MOST_LAYERS = 4096;

    private final JsonNode json;
    private final String where;
    private final Problems problems = new Problems();

    /// @param where the file, for messages
    public ConfigReader(JsonNode json, String where) {
        this.json = json;
        this.where = where;
    }

    /// @return 1 where it is missing or wrong
    public int positive(String key) {
        return atLeast(1, key, "a positive integer");
    }

    /// A number of layers, of each of which something is made before the weights are looked at.
    ///
    /// @return 1 where it is missing or wrong
    public int layers(String key) {
        int layers = positive(key);
        if (layers > MOST_LAYERS) {
            wrong(key, json.get(key), "at most " + MOST_LAYERS);
            return 1;
        }
        return layers;
    }

    /// @param otherwise the value where the key is missing
    public int positive(String key, int otherwise) {
        return json.has(key) ? positive(key) : otherwise;
    }

    /// @return 0 where it is missing or wrong
    public int notNegative(String key) {
        return atLeast(0, key, "an integer of 0 or more");
    }

    /// @param otherwise the value where the key is missing
    public int notNegative(String key, int otherwise) {
        return json.has(key) ? notNegative(key) : otherwise;
    }

    private int atLeast(int least, String key, String expected) {
        JsonNode value = json.get(key);
        OptionalInt number =
                value != null && value.isIntegralNumber() && value.canConvertToInt()
                        ? OptionalInt.of(value.intValue())
                        : OptionalInt.empty();
        if (number.isEmpty() || number.getAsInt() < least) {
            wrong(key, value, expected);
            return least;
        }
        return number.getAsInt();
    }

    /// @param otherwise the value where the key is missing
    /// @return 1 where it is wrong
    public float positiveReal(String key, float otherwise) {
        JsonNode value = json.get(key);
        if (value == null) {
            return otherwise;
        }
        float number = value.isNumber() ? value.floatValue() : 0;
        if (!(number > 0) || number == Float.POSITIVE_INFINITY) {
            wrong(key, value, "a positive number");
            return 1;
        }
        return number;
    }

    private void wrong(String key, JsonNode value, String expected) {
        problems.error(
                ErrorCode.M_CONFIG,
                where,
                value == null
                        ? "'" + key + "' is missing"
                        : "'" + key + "' is " + value + ", expected " + expected,
                ITS_CONFIG);
    }

    /// The function between the two layers of a feed-forward block.
    ///
    /// @return [Activation#GELU] where it is missing or wrong
    public Activation activation(String key) {
        String name = json.has(key) ? json.path(key).asString("") : GELU;
        if (Activation.inner(name).isEmpty()) {
            problems.error(
                    ErrorCode.M_CONFIG,
                    where,
                    key + " '" + name + "' is not supported",
                    "supported: " + String.join(", ", Activation.innerNames()));
        }
        return Activation.inner(name).orElse(Activation.GELU);
    }

    /// What every encoder here is: absolute positions, no decoder, no heads taken out.
    public void requireEncoder() {
        String positions = json.path("position_embedding_type").asString("absolute");
        if (!positions.equals("absolute")) {
            problems.error(
                    ErrorCode.M_CONFIG,
                    where,
                    "position_embedding_type '" + positions + "' is not supported",
                    "only absolute positions are");
        }
        for (String key : List.of("is_decoder", "add_cross_attention")) {
            refuse(key, "take an encoder checkpoint");
        }
        if (!json.path("pruned_heads").isEmpty()) {
            problems.error(
                    ErrorCode.M_CONFIG,
                    where,
                    "pruned_heads is " + json.path("pruned_heads") + ", not supported",
                    "take the checkpoint with all heads");
        }
    }

    /// Refuses what does not hold.
    ///
    /// @param what is said where `holds` is false
    public void require(boolean holds, String what, String fix) {
        if (!holds) {
            problems.error(ErrorCode.M_CONFIG, where, what, fix);
        }
    }

    /// Refuses a setting that is on.
    public void refuse(String key, String fix) {
        if (json.path(key).asBoolean(false)) {
            problems.error(ErrorCode.M_CONFIG, where, key + " is true", fix);
        }
    }

    /// @param size   a number of features
    /// @param of     its key
    /// @param heads  the number that divides it
    /// @param number its key
    public void requireHeads(int size, String of, int heads, String number) {
        if (!problems.hasErrors() && size % heads != 0) {
            problems.error(
                    ErrorCode.M_SHAPE,
                    where,
                    "%s %d is not divisible by %s %d".formatted(of, size, number, heads),
                    "correct config.json");
        }
    }

    /// @param limit  what `number` has to be below
    /// @param of     what there are `limit` of
    public void requireBelow(int number, String name, int limit, String of) {
        if (!problems.hasErrors() && number >= limit) {
            problems.error(
                    ErrorCode.M_CONFIG,
                    where,
                    "%s is %d, there are %d %s".formatted(name, number, limit, of),
                    ITS_CONFIG);
        }
    }

    /// @throws cglora.kernels.error.CgloraException M-CONFIG or M-SHAPE with everything that is
    ///     wrong
    public void finish() {
        problems.throwIfAny();
    }
}
