package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The list of stages; each is read by the record that its `stage` names.
record StagesType() implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof ArrayValue(_, List<JsonValue> items))) {
            return binder.wrongType(value, expected(setting));
        }
        if (items.isEmpty()) {
            return binder.fail(
                    P_VALUE,
                    value,
                    "there are no stages",
                    "start with {\"stage\": \"model\", ...}");
        }
        var bound = new ArrayList<Object>();
        for (JsonValue item : items) {
            bound.add(binder.stage(item));
        }
        return bound.contains(Binder.FAILED) ? Binder.FAILED : List.copyOf(bound);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        var plain = new ArrayList<Object>();
        for (Object item : (List<?>) value) {
            var stage = (StageSpec) item;
            var fields = new LinkedHashMap<String, Object>();
            fields.put("stage", stage.stage());
            ((Map<?, ?>)
                            RecordType.of(StageSpec.TYPES.get(stage.stage()))
                                    .plain(stage, setting, paths))
                    .forEach((key, field) -> fields.put((String) key, field));
            plain.add(fields);
        }
        return plain;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return PipelineSchema.stages();
    }

    @Override
    public String expected(Setting setting) {
        return "a list of stages";
    }
}
