package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// `validation`, or `other.validation` for that of the data stage `other`.
record DataSplitType() implements SettingType {
    private static final List<EvaluateSpec.Split> SPLITS =
            Arrays.asList(EvaluateSpec.Split.values());
    private static final List<String> NAMES =
            SPLITS.stream().map(EvaluateSpec.Split::jsonName).toList();

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof StringValue(_, String text))) {
            return binder.wrongType(value, expected(setting));
        }
        int point = text.lastIndexOf('.');
        String part = text.substring(point + 1);
        for (EvaluateSpec.Split split : SPLITS) {
            if (split.jsonName().equals(part) && point != 0) {
                return new DataSplit(point < 0 ? null : text.substring(0, point), split);
            }
        }
        return binder.unknownValue(value, text, NAMES);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return SettingType.escape(((DataSplit) value).name());
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of(
                "anyOf",
                List.of(
                        Map.of("enum", NAMES),
                        PipelineSchema.ordered(
                                "type",
                                "string",
                                "pattern",
                                "^.+\\.(" + String.join("|", NAMES) + ")$")));
    }

    @Override
    public String expected(Setting setting) {
        return "\"train\", \"validation\" or \"test\", or \"ID.validation\" of another data stage";
    }
}
