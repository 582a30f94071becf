package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Whether and how the head is trained first: `"auto"`, a boolean, or its settings.
record HeadWarmupType() implements SettingType {
    private static final RecordType OPTIONS = RecordType.of(HeadWarmupSpec.class);

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        return switch (value) {
            case StringValue(_, String text) when text.equals("auto") -> new HeadWarmup.Auto();
            case BooleanValue(_, boolean on) when !on -> new HeadWarmup.Off();
            case BooleanValue(Origin origin, _) ->
                    on(OPTIONS.bind(new ObjectValue(origin, Map.of()), setting, binder));
            case ObjectValue _ -> on(OPTIONS.bind(value, setting, binder));
            default -> binder.wrongType(value, expected(setting));
        };
    }

    private static Object on(Object options) {
        return options instanceof HeadWarmupSpec warmup ? new HeadWarmup.On(warmup) : Binder.FAILED;
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return switch ((HeadWarmup) value) {
            case HeadWarmup.Auto _ -> "auto";
            case HeadWarmup.Off _ -> false;
            case HeadWarmup.On(HeadWarmupSpec options) -> OPTIONS.plain(options, setting, paths);
        };
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of(
                "anyOf",
                List.of(
                        Map.of("const", "auto"),
                        Map.of("type", "boolean"),
                        OPTIONS.schema(setting)));
    }

    @Override
    public String expected(Setting setting) {
        return "\"auto\", true, false or an object";
    }

    @Override
    public Optional<RecordType> record() {
        return Optional.of(OPTIONS);
    }
}
