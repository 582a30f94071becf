package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.BrokenValue;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;

/// JSON values without their origins, as maps, lists, numbers, strings and booleans. The text
/// `null` stands for null, which lists of axes cannot hold.
final class JsonPlain {
    private JsonPlain() {}

    static Object of(JsonValue value) {
        return switch (value) {
            case ObjectValue object -> {
                var map = new LinkedHashMap<String, Object>();
                object.members().forEach((key, member) -> map.put(key, of(member.value())));
                yield map;
            }
            case ArrayValue array -> {
                var list = new ArrayList<Object>();
                array.items().forEach(item -> list.add(of(item)));
                yield list;
            }
            case StringValue(_, String text) -> text;
            case NumberValue(_, String text) ->
                    text.matches("-?\\d{1,18}")
                            ? (Object) Long.valueOf(text)
                            : Double.valueOf(text);
            case BooleanValue(_, boolean flag) -> flag;
            case NullValue _, BrokenValue _ -> "null";
        };
    }

    /// A value as a person would write it after `--set PATH=`.
    static String text(JsonValue value) {
        return switch (value) {
            case StringValue(_, String text) -> text;
            case NumberValue(_, String text) -> text;
            case ObjectValue _, ArrayValue _ -> JsonText.write(of(value)).replaceAll("\\s+", "");
            case BooleanValue _, NullValue _, BrokenValue _ -> String.valueOf(of(value));
        };
    }
}
