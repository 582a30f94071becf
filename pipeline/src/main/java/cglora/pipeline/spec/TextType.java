package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.pipeline.spec.JsonValue.StringValue;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Map;

/// A string; a path is resolved against the file that holds it.
record TextType() implements SettingType {
    static final String CLASSPATH = "classpath:";

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof StringValue(Origin origin, String text))) {
            return binder.wrongType(value, expected(setting));
        }
        if (text.isBlank()) {
            return binder.fail(
                    P_VALUE, value, "the text is empty", "give a value, or leave it out");
        }
        if (!setting.path() || isNamed(text, setting)) {
            return text;
        }
        try {
            return origin.folder().resolve(text).toAbsolutePath().normalize().toString();
        } catch (InvalidPathException e) {
            return binder.fail(P_VALUE, value, "not a path: " + e.getReason(), "correct the path");
        }
    }

    private static boolean isNamed(String text, Setting setting) {
        return text.startsWith(CLASSPATH) || List.of(setting.builtIn()).contains(text);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        String text = (String) value;
        return SettingType.escape(
                setting.path() && !isNamed(text, setting) ? paths.write(text) : text);
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("type", "string");
    }

    @Override
    public String expected(Setting setting) {
        return setting.path() ? "a path in quotes" : "a string";
    }
}
