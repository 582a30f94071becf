package cglora.pipeline.spec;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A JSON file that holds one record whose components are described by [Setting]: read as strictly
/// as a pipeline, with its schema made from the same description.
public final class RecordFile {
    private RecordFile() {}

    /// @throws CgloraException with everything that is wrong in the file
    public static <R extends Record> R read(Path file, Class<R> type) {
        var problems = new Problems();
        JsonValue root = JsonSource.read(file, problems);
        if (!(root instanceof ObjectValue object)) {
            throw new CgloraException(
                    ErrorCode.P_TYPE, file.toString(), "expected an object at the top", "");
        }
        Path folder = file.toAbsolutePath().normalize().getParent();
        var variables = new Variables(Map.of(), Map.of(), problems);
        var binder = new Binder(problems, variables, Origin.option("built-in default", folder));
        Object bound = binder.fields(RecordType.of(type), object.without("$schema"), "");
        problems.throwIfAny();
        return type.cast(bound);
    }

    /// The JSON Schema of such files, as text: no variables stand in them.
    ///
    /// @param narrower schemas of settings of which the reader takes less than their type holds
    public static String schema(
            Class<? extends Record> type,
            String title,
            Map<String, ? extends Map<String, ?>> narrower) {
        RecordType record = RecordType.of(type);
        Map<String, Object> schema =
                PipelineSchema.ordered(
                        "$schema", "https://json-schema.org/draft/2020-12/schema", "title", title);
        Map<String, Object> plain =
                PipelineSchema.object(record, Map.of("$schema", Map.of("type", "string")));
        var properties = new LinkedHashMap<String, Object>();
        ((Map<?, ?>) plain.get("properties")).forEach((key, p) -> properties.put((String) key, p));
        for (SettingComponent component : record.components()) {
            String key = component.key();
            var property = new LinkedHashMap<String, Object>();
            ((Map<?, ?>) properties.get(key)).forEach((k, v) -> property.put((String) k, v));
            property.remove("anyOf"); // a variable is among it
            Map<String, ?> values =
                    narrower.containsKey(key)
                            ? narrower.get(key)
                            : component.type().schema(component.setting());
            if (component.isRequired()) {
                property.putAll(values);
            } else {
                property.put("anyOf", List.of(values, Map.of("type", "null")));
            }
            properties.put(key, property);
        }
        plain.put("properties", properties);
        schema.putAll(plain);
        List<String> required =
                record.components().stream()
                        .filter(SettingComponent::isRequired)
                        .map(SettingComponent::key)
                        .toList();
        schema.put("required", required);
        return JsonText.write(schema);
    }
}
