package cglora.pipeline.spec;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an editor is told of each setting.
class PipelineSchemaTest {
    @TempDir Path folder;

    /// Every property of every object in the schema, by its path.
    private static void properties(String path, Object schema, Map<String, Map<?, ?>> found) {
        if (schema instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                properties(path + "/" + i, list.get(i), found);
            }
        } else if (schema instanceof Map<?, ?> map) {
            map.forEach(
                    (key, value) -> {
                        if (key.equals("properties") && !path.endsWith("/if")) {
                            ((Map<?, ?>) value)
                                    .forEach(
                                            (name, property) ->
                                                    found.put(
                                                            path + "/" + name,
                                                            (Map<?, ?>) property));
                        }
                        if (!List.of("default", "examples").contains(key)) {
                            properties(path + "/" + key, value, found);
                        }
                    });
        }
    }

    @Test
    void everyPropertyHasADescription() {
        var found = new TreeMap<String, Map<?, ?>>();
        properties("", PipelineSchema.schema(), found);
        assertThat(found).hasSizeGreaterThan(150).containsKey("/$schema");
        found.forEach(
                (path, property) ->
                        assertThat(property.get("description"))
                                .as(path)
                                .isInstanceOf(String.class)
                                .asString()
                                .isNotBlank());
    }

    /// Those that people set first.
    @Test
    void typicalPropertiesHaveExamples() {
        var found = new TreeMap<String, Map<?, ?>>();
        properties("", PipelineSchema.schema(), found);
        for (String path :
                List.of(
                        "/output_dir",
                        "/$defs/model/path",
                        "/$defs/data/train",
                        "/$defs/data/labels",
                        "/$defs/data/max_length",
                        "/$defs/adapter/r",
                        "/$defs/adapter/target_modules",
                        "/$defs/train/epochs",
                        "/$defs/train/learning_rate",
                        "/$defs/evaluate/metrics")) {
            assertThat(found.get(path).containsKey("examples")).as(path).isTrue();
        }
        assertThat(found.values().stream().filter(p -> p.containsKey("examples")).count())
                .isGreaterThan(60);
    }

    /// The example of each setting is a value that it takes.
    @Test
    void examplesAreRead() throws IOException {
        Path file = folder.resolve("p.json");
        var wrong = new ArrayList<String>();
        for (String path : SettingPath.all()) {
            SettingComponent component = SettingPath.describe(path).orElseThrow();
            for (String example : component.setting().examples()) {
                Files.writeString(file, "{\"value\": " + example + "}");
                var problems = new Problems();
                var object = (JsonValue.ObjectValue) JsonSource.read(file, problems);
                var binder =
                        new Binder(
                                problems,
                                new Variables(Map.of(), Map.of(), problems),
                                Origin.option("test", folder));
                Object value =
                        component.type().bind(object.get("value"), component.setting(), binder);
                if (value == Binder.FAILED || problems.hasErrors()) {
                    wrong.add(path + ": " + example + " " + problems.errors());
                }
            }
        }
        assertThat(wrong).isEmpty();
    }
}
