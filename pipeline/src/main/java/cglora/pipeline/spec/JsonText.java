package cglora.pipeline.spec;

import java.util.List;
import java.util.Map;

/// Writes maps, lists, strings, numbers, booleans and null as JSON: one key a line, short lists
/// on one.
public final class JsonText {
    private final StringBuilder text = new StringBuilder();

    private JsonText() {}

    /// The text with a newline at its end.
    public static String write(Object value) {
        var json = new JsonText();
        json.value(value, "");
        return json.text.append('\n').toString();
    }

    private void value(Object value, String indent) {
        switch (value) {
            case null -> text.append("null");
            case String string -> quote(string);
            case Map<?, ?> map -> object(map, indent);
            case List<?> list -> list(list, indent);
            case Double number when !Double.isFinite(number) ->
                    throw new IllegalArgumentException("JSON has no " + number);
            case Number number -> text.append(number);
            case Boolean flag -> text.append(flag);
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    private void object(Map<?, ?> map, String indent) {
        if (map.isEmpty()) {
            text.append("{}");
            return;
        }
        String separator = "{\n";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            text.append(separator).append(indent).append("  ");
            quote((String) entry.getKey());
            text.append(": ");
            value(entry.getValue(), indent + "  ");
            separator = ",\n";
        }
        text.append('\n').append(indent).append('}');
    }

    private void list(List<?> list, String indent) {
        boolean flat = list.stream().noneMatch(i -> i instanceof Map<?, ?> || i instanceof List<?>);
        text.append('[');
        String separator = flat ? "" : "\n" + indent + "  ";
        for (Object item : list) {
            text.append(separator);
            value(item, indent + "  ");
            separator = flat ? ", " : ",\n" + indent + "  ";
        }
        text.append(flat || list.isEmpty() ? "]" : "\n" + indent + "]");
    }

    private void quote(String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\r' -> text.append("\\r");
                default -> {
                    // Half a surrogate pair cannot be written as UTF-8.
                    if (Character.isISOControl(c) || isLone(string, i)) {
                        text.append(String.format("\\u%04x", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    private static boolean isLone(String string, int i) {
        char c = string.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == string.length() || !Character.isLowSurrogate(string.charAt(i + 1));
        }
        return Character.isLowSurrogate(c)
                && (i == 0 || !Character.isHighSurrogate(string.charAt(i - 1)));
    }
}
