package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_RANGE;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.BrokenValue;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// An object that is taken as it is.
record FreeType() implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        return value instanceof ObjectValue
                ? free(value, binder)
                : binder.wrongType(value, expected(setting));
    }

    /// Null elements are kept, so these are not `List.of` and `Map.of`.
    private static Object free(JsonValue value, Binder binder) {
        return switch (value) {
            case ObjectValue object -> {
                var map = new LinkedHashMap<String, Object>();
                object.members()
                        .forEach((key, member) -> map.put(key, free(member.value(), binder)));
                yield map.containsValue(Binder.FAILED)
                        ? Binder.FAILED
                        : Collections.unmodifiableMap(map);
            }
            case ArrayValue array -> {
                var list = new ArrayList<Object>();
                array.items().forEach(item -> list.add(free(item, binder)));
                yield list.contains(Binder.FAILED)
                        ? Binder.FAILED
                        : Collections.unmodifiableList(list);
            }
            case StringValue(_, String text) -> text;
            case NumberValue number -> number(number, binder);
            case BooleanValue(_, boolean flag) -> flag;
            case NullValue _ -> null;
            case BrokenValue _ -> Binder.FAILED;
        };
    }

    private static Object number(NumberValue value, Binder binder) {
        try {
            return Long.valueOf(value.text());
        } catch (NumberFormatException _) {
            // Not a whole number of 64 bits.
            double number = Double.parseDouble(value.text());
            return Double.isInfinite(number)
                    ? binder.fail(
                            O_RANGE,
                            value,
                            "found " + value.text() + ", expected a finite number",
                            "")
                    : (Object) number;
        }
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return switch (value) {
            case null -> null;
            case Map<?, ?> map -> {
                var plain = new LinkedHashMap<String, Object>();
                map.forEach((key, item) -> plain.put((String) key, plain(item, setting, paths)));
                yield plain;
            }
            case List<?> list -> {
                var plain = new ArrayList<Object>();
                list.forEach(item -> plain.add(plain(item, setting, paths)));
                yield plain;
            }
            case String text -> SettingType.escape(text);
            default -> value;
        };
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("type", "object");
    }

    @Override
    public String expected(Setting setting) {
        return "an object";
    }

    @Override
    public boolean freeKeys() {
        return true;
    }
}
