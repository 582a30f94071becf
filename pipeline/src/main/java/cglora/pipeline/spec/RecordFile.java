package cglora.pipeline.spec;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import java.nio.file.Path;
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

    /// The JSON Schema of such files, as text.
    public static String schema(Class<? extends Record> type, String title) {
        RecordType record = RecordType.of(type);
        Map<String, Object> schema =
                PipelineSchema.ordered(
                        "$schema", "https://json-schema.org/draft/2020-12/schema", "title", title);
        schema.putAll(PipelineSchema.object(record, Map.of("$schema", Map.of("type", "string"))));
        List<String> required =
                record.components().stream()
                        .filter(SettingComponent::isRequired)
                        .map(SettingComponent::key)
                        .toList();
        schema.put("required", required);
        return JsonText.write(schema);
    }
}
