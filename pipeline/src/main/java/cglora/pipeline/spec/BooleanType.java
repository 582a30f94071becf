package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.BooleanValue;
import java.util.Map;

/// `true` or `false`.
record BooleanType() implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        return value instanceof BooleanValue(_, boolean flag)
                ? (Object) flag
                : binder.wrongType(value, expected(setting));
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return value;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("type", "boolean");
    }

    @Override
    public String expected(Setting setting) {
        return "true or false";
    }
}
