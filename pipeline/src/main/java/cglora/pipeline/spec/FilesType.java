package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Map;

/// A path, a built-in source, or a list of paths.
record FilesType() implements SettingType {
    private static final TextType NAME = new TextType();
    private static final ListType NAMES = new ListType(NAME);

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        Object bound =
                switch (value) {
                    case StringValue _ -> NAME.bind(value, setting, binder);
                    case ArrayValue _ -> NAMES.bind(value, setting, binder);
                    default -> binder.wrongType(value, expected(setting));
                };
        return switch (bound) {
            case String name -> DataFiles.of(name);
            case List<?> names when names.stream().anyMatch(n -> isBuiltIn(n, setting)) ->
                    binder.fail(
                            P_VALUE,
                            value,
                            "a built-in source is in a list",
                            "give it alone, without the brackets");
            case List<?> names -> new DataFiles(names.stream().map(String.class::cast).toList());
            case null, default -> Binder.FAILED;
        };
    }

    private static boolean isBuiltIn(Object name, Setting setting) {
        return List.of(setting.builtIn()).contains(name);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        List<String> names = ((DataFiles) value).names();
        return names.size() == 1
                ? NAME.plain(names.getFirst(), setting, paths)
                : NAMES.plain(names, setting, paths);
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("anyOf", List.of(NAME.schema(setting), NAMES.schema(setting)));
    }

    @Override
    public String expected(Setting setting) {
        return "a path in quotes, or a list of paths";
    }
}
