package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.NumberValue;
import java.util.Map;

/// A number within its setting's limits.
record NumberType() implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof NumberValue(_, String text))) {
            return binder.wrongType(value, expected(setting));
        }
        // Adding zero turns -0.0 into 0.0.
        double number = Double.parseDouble(text) + 0.0;
        return Double.isInfinite(number) || NumberLimits.outside(number, setting)
                ? binder.outOfRange(value, text, setting)
                : (Object) number;
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return value;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return NumberLimits.schema("number", setting);
    }

    @Override
    public String expected(Setting setting) {
        return NumberLimits.words("a number", setting);
    }
}
