package cglora.pipeline.spec;

import java.util.LinkedHashMap;
import java.util.Map;

/// The limits of a number: checked, in words, and in the schema.
final class NumberLimits {
    private NumberLimits() {}

    /// `0.06` for a double, and no `.0` on a whole number.
    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.valueOf(value);
    }

    /// The range in words: `1 or more`, `above 0 and below 1`; empty without limits.
    static String range(Setting setting) {
        String low = setting.min() == Double.NEGATIVE_INFINITY ? "" : number(setting.min());
        String high = setting.max() == Double.POSITIVE_INFINITY ? "" : number(setting.max());
        if (!low.isEmpty() && !high.isEmpty() && !setting.aboveMin() && !setting.belowMax()) {
            return low.equals(high) ? low : low + " to " + high;
        }
        String from = low.isEmpty() ? "" : setting.aboveMin() ? "above " + low : low + " or more";
        String to = high.isEmpty() ? "" : setting.belowMax() ? "below " + high : "at most " + high;
        return from + (from.isEmpty() || to.isEmpty() ? "" : " and ") + to;
    }

    /// Whether a number lies outside its setting's limits.
    static boolean outside(double number, Setting setting) {
        return number < setting.min()
                || number > setting.max()
                || (setting.aboveMin() && number == setting.min())
                || (setting.belowMax() && number == setting.max());
    }

    /// The part of the schema that holds a JSON type and the limits.
    static Map<String, Object> schema(String type, Setting setting) {
        var schema = new LinkedHashMap<String, Object>();
        schema.put("type", type);
        if (setting.min() != Double.NEGATIVE_INFINITY) {
            schema.put(setting.aboveMin() ? "exclusiveMinimum" : "minimum", whole(setting.min()));
        }
        if (setting.max() != Double.POSITIVE_INFINITY) {
            schema.put(setting.belowMax() ? "exclusiveMaximum" : "maximum", whole(setting.max()));
        }
        return schema;
    }

    private static Number whole(double value) {
        return value == Math.rint(value) ? (Number) (long) value : (Number) value;
    }

    /// What is expected, in words: the kind of number and its range.
    static String words(String type, Setting setting) {
        String range = range(setting);
        return range.isEmpty() ? type : type + ", " + range;
    }
}
