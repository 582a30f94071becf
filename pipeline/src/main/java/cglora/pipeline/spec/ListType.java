package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A list without repetitions, of values of one type.
record ListType(SettingType element) implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof ArrayValue(_, List<JsonValue> items))) {
            return binder.wrongType(value, expected(setting));
        }
        if (items.isEmpty()) {
            return binder.fail(P_VALUE, value, "the list is empty", "name one, or leave it out");
        }
        var bound = new ArrayList<Object>();
        for (JsonValue item : items) {
            Object each = binder.bindElement(element, item, setting);
            if (each != Binder.FAILED && bound.contains(each)) {
                each =
                        binder.fail(
                                P_VALUE,
                                item,
                                item.describe() + " is in the list twice",
                                "remove one");
            }
            bound.add(each);
        }
        return bound.contains(Binder.FAILED) ? Binder.FAILED : List.copyOf(bound);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        var plain = new ArrayList<Object>();
        for (Object item : (List<?>) value) {
            plain.add(element.plain(item, setting, paths));
        }
        return plain;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return PipelineSchema.ordered(
                "type",
                "array",
                "items",
                element.schema(setting),
                "minItems",
                1,
                "uniqueItems",
                true);
    }

    @Override
    public String expected(Setting setting) {
        return "a list, each " + element.expected(setting);
    }
}
