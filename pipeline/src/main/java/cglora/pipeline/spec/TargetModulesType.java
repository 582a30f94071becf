package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Map;

/// Which linear layers get an adapter: all, those of a regular expression, or those named.
record TargetModulesType() implements SettingType {
    private static final ListType NAMES = new ListType(new TextType());

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        return switch (value) {
            case StringValue(_, String text) when text.equals("all-linear") ->
                    new TargetModules.AllLinear();
            case StringValue(_, String text) ->
                    binder.isRegex(value, text) ? new TargetModules.Matching(text) : Binder.FAILED;
            case ArrayValue _ ->
                    NAMES.bind(value, setting, binder) instanceof List<?> names
                            ? new TargetModules.Names(
                                    names.stream().map(String.class::cast).toList())
                            : Binder.FAILED;
            default -> binder.wrongType(value, expected(setting));
        };
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return switch ((TargetModules) value) {
            case TargetModules.AllLinear _ -> "all-linear";
            case TargetModules.Matching(String regex) -> SettingType.escape(regex);
            case TargetModules.Names(List<String> names) -> NAMES.plain(names, setting, paths);
        };
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of(
                "anyOf",
                List.of(
                        Map.of("const", "all-linear"),
                        NAMES.schema(setting),
                        Map.of("type", "string")));
    }

    @Override
    public String expected(Setting setting) {
        return "\"all-linear\", a list of names, or one regular expression";
    }
}
