package cglora.models.chat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Writes values as Python's `json.dumps` does, which `tojson` of chat templates is.
///
/// @param indent   what a level is set in by; null for one line
/// @param between  items
/// @param behind   a key
/// @param isAscii  whether other characters become escapes
/// @param isSorted whether keys are sorted
record PythonJson(String indent, String between, String behind, boolean isAscii, boolean isSorted) {
    private static final int DEEPEST = 200;

    String write(Object value, Budget budget) {
        var text = new StringBuilder();
        write(value, text, 0, budget);
        return budget.text(text.toString());
    }

    private void write(Object value, StringBuilder text, int level, Budget budget) {
        budget.step();
        budget.size(text.length() / 64);
        if (level > DEEPEST) {
            throw new TemplateException("values nest too deeply for JSON");
        }
        switch (value) {
            case null -> text.append("null");
            case Boolean b -> text.append(b);
            case Long l -> text.append(l);
            case Double d -> text.append(real(d));
            case String s -> quote(s, text);
            case List<?> list -> {
                text.append('[');
                for (int i = 0; i < list.size(); i++) {
                    separate(i > 0, text, level + 1);
                    write(list.get(i), text, level + 1, budget);
                }
                close(list.isEmpty(), text, level).append(']');
            }
            case Map<?, ?> map -> {
                text.append('{');
                boolean first = true;
                for (var entry : (isSorted ? new TreeMap<>(map) : map).entrySet()) {
                    separate(!first, text, level + 1);
                    first = false;
                    Object key = entry.getKey();
                    quote(key instanceof String s ? s : Values.text(key, budget), text);
                    text.append(behind);
                    write(entry.getValue(), text, level + 1, budget);
                }
                close(map.isEmpty(), text, level).append('}');
            }
            default -> throw new TemplateException(Values.name(value) + " has no form in JSON");
        }
    }

    private static String real(double value) {
        return switch (Values.number(value)) {
            case "nan" -> "NaN";
            case "inf" -> "Infinity";
            case "-inf" -> "-Infinity";
            case String number -> number;
        };
    }

    private void separate(boolean more, StringBuilder text, int level) {
        text.append(more ? between : "");
        if (indent != null) {
            text.append('\n').append(indent.repeat(level));
        }
    }

    private StringBuilder close(boolean empty, StringBuilder text, int level) {
        return empty || indent == null ? text : text.append('\n').append(indent.repeat(level));
    }

    private void quote(String s, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> {
                    if (c < ' ' || isAscii && c > '~') {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
