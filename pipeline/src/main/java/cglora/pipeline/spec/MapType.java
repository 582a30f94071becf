package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.ObjectValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// An object with free keys, of values of one type.
record MapType(SettingType element) implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof ObjectValue object)) {
            return binder.wrongType(value, expected(setting));
        }
        var bound = new LinkedHashMap<String, Object>();
        object.members()
                .forEach(
                        (key, member) ->
                                bound.put(
                                        key, binder.bindElement(element, member.value(), setting)));
        return bound.containsValue(Binder.FAILED)
                ? Binder.FAILED
                : Collections.unmodifiableMap(bound);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        var plain = new LinkedHashMap<String, Object>();
        ((Map<?, ?>) value)
                .forEach(
                        (key, item) ->
                                plain.put((String) key, element.plain(item, setting, paths)));
        return plain;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return PipelineSchema.ordered(
                "type", "object", "additionalProperties", element.schema(setting));
    }

    @Override
    public String expected(Setting setting) {
        return "an object, each value " + element.expected(setting);
    }

    @Override
    public boolean freeKeys() {
        return true;
    }
}
