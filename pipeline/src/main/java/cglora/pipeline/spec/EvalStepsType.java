package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Map;

/// A number of steps, or `"epoch"`.
record EvalStepsType() implements SettingType {
    private static final IntegerType STEPS = new IntegerType(false);

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (value instanceof StringValue(_, String text) && text.equals("epoch")) {
            return new EvalSteps.Epoch();
        }
        if (!(value instanceof NumberValue)) {
            return binder.wrongType(value, expected(setting));
        }
        return STEPS.bind(value, setting, binder) instanceof Integer steps
                ? new EvalSteps.Every(steps)
                : Binder.FAILED;
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return switch ((EvalSteps) value) {
            case EvalSteps.Epoch _ -> "epoch";
            case EvalSteps.Every(int steps) -> steps;
        };
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("anyOf", List.of(Map.of("const", "epoch"), STEPS.schema(setting)));
    }

    @Override
    public String expected(Setting setting) {
        return "\"epoch\" or " + STEPS.expected(setting);
    }
}
