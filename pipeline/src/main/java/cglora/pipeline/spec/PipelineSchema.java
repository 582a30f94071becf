package cglora.pipeline.spec;

import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// JSON Schema (draft 2020-12) of pipeline files, made from the same records that read them, so
/// that editors complete and check what the product accepts.
public final class PipelineSchema {
    private PipelineSchema() {}

    /// The schema as text.
    public static String write() {
        return JsonText.write(schema());
    }

    static Map<String, Object> schema() {
        var more =
                ordered(
                        "$schema",
                        ordered(
                                "description",
                                "Where this schema is, for editors",
                                "examples",
                                List.of("pipeline.schema.json"),
                                "type",
                                "string"),
                        "extends",
                        ordered(
                                "description",
                                "Files merged first, left to right: objects by key, stages by id",
                                "examples",
                                List.of(List.of("common.json")),
                                "type",
                                "array",
                                "items",
                                Map.of("type", "string")),
                        PipelineReader.GRID,
                        grid());
        var schema =
                ordered(
                        "$schema",
                        "https://json-schema.org/draft/2020-12/schema",
                        "title",
                        "cglora pipeline");
        schema.putAll(object(RecordType.of(PipelineSpec.class), more));
        // A file that extends another may leave the rest to it.
        schema.put("if", Map.of("required", List.of("extends")));
        schema.put("else", Map.of("required", List.of("cglora", "stages")));
        var definitions =
                ordered("variable", ordered("type", "string", "pattern", "\\$\\{[^}]+\\}"));
        StageSpec.TYPES.forEach((name, type) -> definitions.put(name, stage(name, type)));
        schema.put("$defs", definitions);
        return schema;
    }

    private static Map<String, Object> stage(String name, Class<? extends StageSpec> type) {
        Map<String, Object> stage = ordered("description", StageOutput.describe(name));
        Map<String, Object> skip =
                ordered(
                        "description",
                        "\"skip\": true is \"when\": false",
                        "type",
                        "boolean",
                        "deprecated",
                        true);
        stage.putAll(
                object(RecordType.of(type), ordered("stage", kind("const", name), "skip", skip)));
        return stage;
    }

    private static Map<String, Object> kind(String keyword, Object names) {
        return ordered("description", "What kind of stage this is", keyword, names);
    }

    private static Map<String, Object> grid() {
        return ordered(
                "description",
                "Settings, as in train.learning_rate, with the values that cglora run tries: every"
                        + " combination is a run",
                "examples",
                List.of(Map.of("train.learning_rate", List.of(1e-4, 3e-4)), Map.of("seed", "0..4")),
                "type",
                "object",
                "additionalProperties",
                Map.of(
                        "anyOf",
                        List.of(
                                ordered("type", "array", "minItems", 1),
                                ordered("type", "string", "minLength", 1))));
    }

    /// The list of stages; `stage` decides which definition one is held against, so that an editor
    /// reports its mistakes and not those of all other stages.
    static Map<String, Object> stages() {
        var branches = new ArrayList<Object>();
        for (String name : StageSpec.TYPES.keySet()) {
            branches.add(
                    ordered(
                            "if",
                            Map.of("properties", Map.of("stage", Map.of("const", name))),
                            "then",
                            Map.of("$ref", "#/$defs/" + name)));
        }
        return ordered(
                "type",
                "array",
                "items",
                ordered(
                        "type",
                        "object",
                        "required",
                        List.of("stage"),
                        "properties",
                        Map.of("stage", kind("enum", List.copyOf(StageSpec.TYPES.keySet()))),
                        "allOf",
                        branches));
    }

    /// The object of settings of a record.
    ///
    /// @param more keys besides those of the record
    static Map<String, Object> object(RecordType type, Map<String, Object> more) {
        var properties = new LinkedHashMap<>(more);
        for (SettingComponent component : type.components()) {
            Map<String, Object> property = property(component);
            properties.put(component.key(), property);
            for (String other : component.setting().also()) {
                var deprecated = new LinkedHashMap<>(property);
                deprecated.put("deprecated", true);
                properties.put(other, deprecated);
            }
        }
        return ordered("type", "object", "properties", properties, "additionalProperties", false);
    }

    private static Map<String, Object> property(SettingComponent component) {
        Setting setting = component.setting();
        Map<String, Object> property = ordered("description", setting.value());
        if (!component.isRequired()) {
            property.put("default", value(setting.byDefault(), setting));
        }
        if (setting.examples().length > 0) {
            var examples = new ArrayList<Object>();
            for (String example : setting.examples()) {
                examples.add(value(example, setting));
            }
            property.put("examples", examples);
        }
        if (!component.key().equals("cglora") && !(component.type() instanceof StagesType)) {
            var taken = new ArrayList<Object>();
            taken.add(component.type().schema(setting));
            taken.add(Map.of("$ref", "#/$defs/variable"));
            if (!component.isRequired()) {
                taken.add(Map.of("type", "null")); // the default
            }
            property.put("anyOf", taken);
        } else {
            property.putAll(component.type().schema(setting));
        }
        return property;
    }

    /// A JSON text as it is, variables included.
    private static Object value(String json, Setting setting) {
        Origin origin = Origin.option("schema", Path.of(""));
        JsonValue value = JsonSource.parse(origin, json, new Problems());
        return ((Map<?, ?>) new FreeType().bind(wrap(value), setting, null)).get("value");
    }

    private static ObjectValue wrap(JsonValue value) {
        return new ObjectValue(
                value.origin(), Map.of("value", new JsonValue.Member(value.origin(), value)));
    }

    static Map<String, Object> ordered(Object... pairs) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
