package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Map;

/// `"auto"`, or a value.
record AutoType(SettingType given) implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (value instanceof StringValue(_, String text)) {
            return text.equals("auto")
                    ? new AutoOr.Auto<>()
                    : binder.wrongType(value, expected(setting));
        }
        if (given instanceof ListType && !(value instanceof ArrayValue)) {
            return binder.wrongType(value, expected(setting));
        }
        if (given instanceof MapType && !(value instanceof ObjectValue)) {
            return binder.wrongType(value, expected(setting));
        }
        if (given instanceof NumberType && !(value instanceof NumberValue)) {
            return binder.wrongType(value, expected(setting));
        }
        Object bound = given.bind(value, setting, binder);
        return bound == Binder.FAILED ? bound : new AutoOr.Given<>(bound);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return switch ((AutoOr<?>) value) {
            case AutoOr.Auto<?> _ -> "auto";
            case AutoOr.Given<?>(Object item) -> given.plain(item, setting, paths);
        };
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("anyOf", List.of(Map.of("const", "auto"), given.schema(setting)));
    }

    @Override
    public String expected(Setting setting) {
        return "\"auto\" or " + given.expected(setting);
    }
}
