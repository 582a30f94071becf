package cglora.models.llama;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import tools.jackson.databind.JsonNode;

/// The frequencies of rotary embeddings in their variants, as transformers' `modeling_rope_utils`
/// computes them: `default`, `linear`, `dynamic`, `llama3`, `yarn` (Peng et al., arXiv 2309.00071)
/// and `longrope` (Ding et al., arXiv 2402.13753). Two of them depend on the longest sequence of a
/// batch: a `dynamic` one differs from the default beyond `max_position_embeddings`, and a
/// `longrope` one takes its other list of factors beyond the positions that the model was first
/// trained with. Sequences so long are not taken here.
///
/// @param inverse one frequency each two elements of a head, in radians a position
/// @param factor  what sines and cosines are multiplied by
/// @param most    positions that these frequencies are for
record RotaryFrequencies(double[] inverse, double factor, int most) {
    private static final List<String> SUPPORTED =
            List.of("default", "linear", "dynamic", "llama3", "yarn", "longrope");

    /// transformers' default of `rope_theta`.
    private static final double THETA = 10_000;

    /// The frequencies that a `config.json` asks for: in `rope_theta` and `rope_scaling` as
    /// published checkpoints have them, or in `rope_parameters`, which the former go before. The
    /// positions that a model was trained with before it was stretched are at the top, or there.
    ///
    /// @param where the `config.json`, for messages
    /// @throws CgloraException M-CONFIG for a variant that is not known, or a key that is missing
    static RotaryFrequencies read(JsonNode config, int headSize, int positions, String where) {
        JsonNode scaling = config.path("rope_scaling");
        if (scaling.isEmpty()) {
            scaling = config.path("rope_parameters");
        }
        if (scaling.valueStream().anyMatch(JsonNode::isObject)) {
            throw wrong(
                    where,
                    "the rotary embeddings differ by kinds of layers: "
                            + String.join(", ", scaling.propertyNames()),
                    "only those that are the same in all layers are supported");
        }
        String type = scaling.path("rope_type").asString(scaling.path("type").asString("default"));
        double theta =
                scaling.path("rope_theta").asDouble(config.path("rope_theta").asDouble(THETA));
        var keys = new Keys(scaling, where, original(config, scaling, positions));
        if (!SUPPORTED.contains(type)) {
            throw wrong(
                    where,
                    "rope_type '" + type + "' is not supported",
                    "supported: " + String.join(", ", SUPPORTED));
        }
        for (JsonNode holder : List.of(config, scaling)) {
            double part = holder.path("partial_rotary_factor").asDouble(1);
            if (part != 1) {
                throw wrong(
                        where,
                        "partial_rotary_factor is " + part,
                        "only heads that turn as a whole are supported");
            }
        }
        if (headSize % 2 != 0) {
            throw wrong(where, "a head has " + headSize + " values", "an even number is needed");
        }
        double[] plain = new double[headSize / 2];
        for (int p = 0; p < plain.length; p++) {
            plain[p] = Math.pow(theta, -2.0 * p / headSize);
        }
        return switch (type) {
            case "linear" ->
                    new RotaryFrequencies(divided(plain, keys.positive("factor")), 1, positions);
            case "llama3" -> new RotaryFrequencies(llama3(plain, keys), 1, positions);
            case "yarn" -> yarn(plain, theta, keys, positions);
            case "longrope" -> longrope(plain, keys, positions);
            default -> new RotaryFrequencies(plain, 1, positions);
        };
    }

    private static double original(JsonNode config, JsonNode scaling, int positions) {
        for (JsonNode holder : List.of(config, scaling)) {
            double found = holder.path("original_max_position_embeddings").asDouble(0);
            if (found > 0) {
                return found;
            }
        }
        return positions;
    }

    private static CgloraException wrong(String where, String what, String fix) {
        return new CgloraException(ErrorCode.M_CONFIG, where, what, fix);
    }

    /// Numbers of the object that describes the scaling.
    ///
    /// @param original positions before the model was stretched
    private record Keys(JsonNode scaling, String where, double original) {
        double positive(String key) {
            double value = scaling.path(key).asDouble(0);
            if (!(value > 0) || Double.isInfinite(value)) {
                throw wrong(
                        where,
                        "'%s' of the rotary embeddings is %s, expected a positive number"
                                .formatted(key, scaling.path(key)),
                        "take the config.json that belongs to these weights");
            }
            return value;
        }

        /// So many positive numbers.
        double[] list(String key, int count) {
            JsonNode list = scaling.path(key);
            double[] values = list.valueStream().mapToDouble(v -> v.asDouble(0)).toArray();
            if (!list.isArray()
                    || values.length != count
                    || !Arrays.stream(values).allMatch(v -> v > 0 && Double.isFinite(v))) {
                throw wrong(
                        where,
                        "'%s' of the rotary embeddings is %s, expected %d positive numbers"
                                .formatted(key, list, count),
                        "take the config.json that belongs to these weights");
            }
            return values;
        }

        /// @return `otherwise` where it is missing, null or 0
        double or(String key, double otherwise) {
            double value = scaling.path(key).asDouble(0);
            return value == 0 ? otherwise : value;
        }
    }

    private static double[] divided(double[] frequencies, double factor) {
        double[] slower = frequencies.clone();
        for (int p = 0; p < slower.length; p++) {
            slower[p] /= factor;
        }
        return slower;
    }

    /// Long waves are stretched by the factor, short ones are not, those between partly.
    private static double[] llama3(double[] plain, Keys keys) {
        double factor = keys.positive("factor");
        double low = keys.positive("low_freq_factor");
        double high = keys.positive("high_freq_factor");
        double before = keys.original();
        double[] scaled = plain.clone();
        for (int p = 0; p < plain.length; p++) {
            double wave = 2 * Math.PI / plain[p];
            if (wave > before / low) {
                scaled[p] = plain[p] / factor;
            } else if (wave >= before / high) {
                double smooth = (before / wave - low) / (high - low);
                scaled[p] = (1 - smooth) * plain[p] / factor + smooth * plain[p];
            }
        }
        return scaled;
    }

    /// A ramp over the elements of a head between the plain and the stretched frequencies.
    private static RotaryFrequencies yarn(double[] plain, double theta, Keys keys, int positions) {
        double factor = keys.positive("factor");
        double before = keys.original();
        double mscale = keys.or("mscale", 0);
        double mscaleOfAll = keys.or("mscale_all_dim", 0);
        double byDefault =
                mscale != 0 && mscaleOfAll != 0
                        ? attention(factor, mscale) / attention(factor, mscaleOfAll)
                        : attention(factor, 1);
        double headSize = 2.0 * plain.length;
        double low = turns(keys.or("beta_fast", 32), headSize, theta, before);
        double high = turns(keys.or("beta_slow", 1), headSize, theta, before);
        if (keys.scaling().path("truncate").asBoolean(true)) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, headSize - 1);
        double span = low == high ? 0.001 : high - low;
        double[] scaled = plain.clone();
        for (int p = 0; p < plain.length; p++) {
            double ramp = Math.clamp((p - low) / span, 0, 1);
            scaled[p] = plain[p] / factor * ramp + plain[p] * (1 - ramp);
        }
        return new RotaryFrequencies(scaled, keys.or("attention_factor", byDefault), positions);
    }

    /// A factor for each two elements of a head, of sequences as long as the model was first
    /// trained with.
    private static RotaryFrequencies longrope(double[] plain, Keys keys, int positions) {
        double before = keys.original();
        double factor = keys.or("factor", positions / before);
        double byDefault = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(before));
        double[] divisors = keys.list("short_factor", plain.length);
        keys.list("long_factor", plain.length);
        double[] scaled = plain.clone();
        for (int p = 0; p < plain.length; p++) {
            scaled[p] /= divisors[p];
        }
        return new RotaryFrequencies(
                scaled, keys.or("attention_factor", byDefault), (int) Math.min(positions, before));
    }

    private static double attention(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    /// The element of a head that turns so often over the positions.
    private static double turns(double times, double headSize, double theta, double positions) {
        return headSize * Math.log(positions / (times * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    /// `factor · cos` of the angles [positions, half].
    float[] cosines(int positions) {
        return table(positions, Math::cos);
    }

    /// `factor · sin` of the angles [positions, half].
    float[] sines(int positions) {
        return table(positions, Math::sin);
    }

    /// transformers rounds frequencies and angles to float32, and so does this: at the last of
    /// many positions the rounding is no longer small.
    private float[] table(int positions, DoubleUnaryOperator function) {
        float[] table = new float[Math.multiplyExact(positions, inverse.length)];
        for (int i = 0; i < table.length; i++) {
            float angle = (float) (i / inverse.length) * (float) inverse[i % inverse.length];
            table[i] = (float) (factor * function.applyAsDouble(angle));
        }
        return table;
    }
}
