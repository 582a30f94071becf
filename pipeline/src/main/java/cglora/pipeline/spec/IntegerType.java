package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_RANGE;

import cglora.pipeline.spec.JsonValue.NumberValue;
import java.math.BigDecimal;
import java.util.Map;

/// A whole number within its setting's limits.
record IntegerType(boolean isLong) implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof NumberValue(_, String text))) {
            return binder.wrongType(value, expected(setting));
        }
        BigDecimal number;
        try {
            number = new BigDecimal(text);
        } catch (NumberFormatException _) { // an exponent of more than 32 bits
            return Double.parseDouble(text) == 0
                    ? binder.wrongType(value, expected(setting))
                    : tooLarge(value, text, binder);
        }
        // The magnitude first: writing 1e999999999 out in digits would exhaust the memory.
        long digits = (long) number.precision() - number.scale();
        if (digits <= 20
                && number.scale() > 0
                && (digits < 0 ? number.signum() != 0 : number.stripTrailingZeros().scale() > 0)) {
            return binder.wrongType(value, expected(setting));
        }
        double size = number.doubleValue();
        double largest = isLong ? Long.MAX_VALUE : Integer.MAX_VALUE;
        if (digits > 20 || Math.abs(size) > largest) {
            return tooLarge(value, text, binder);
        }
        if (NumberLimits.outside(size, setting)) {
            return binder.outOfRange(value, text, setting);
        }
        try {
            return isLong ? (Object) number.longValueExact() : (Object) number.intValueExact();
        } catch (ArithmeticException _) {
            return binder.outOfRange(value, text, setting);
        }
    }

    private Object tooLarge(JsonValue value, String text, Binder binder) {
        return binder.fail(
                O_RANGE,
                value,
                "found %s, expected at most %d"
                        .formatted(text, isLong ? Long.MAX_VALUE : Integer.MAX_VALUE),
                "");
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return value;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return NumberLimits.schema("integer", setting);
    }

    @Override
    public String expected(Setting setting) {
        return NumberLimits.words("a whole number", setting);
    }
}
