package cglora.pipeline.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The published schema and our own reader agree: what one takes the other takes, by the word of a
/// validator that is not ours.
class SchemaValidatorTest {
    private static final Path PIPELINE =
            Path.of(System.getProperty("cglora.root")).resolve("pipeline");

    /// With comments, as our reader takes them.
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();

    private static final Schema SCHEMA = schema();

    private static final String GOOD =
            """
            { "cglora": 1, "vars": {"r": 8}, "stages": [ // a comment
              {"stage": "model", "path": "m"},
              {"stage": "data", "train": "t.csv", "validation": "v.csv"},
              {"stage": "calibrate"},
              {"stage": "adapter", "r": "${r}", "head_warmup": {"examples": 8}},
              {"stage": "train", "learning_rate": 1e-4, "epochs": 1},
              {"stage": "evaluate"},
              {"stage": "export"} ] }
            """;

    @TempDir Path folder;

    private static Schema schema() {
        JsonNode text = JSON.readTree(PIPELINE.resolve("pipeline.schema.json").toFile());
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(text);
    }

    private static List<String> errors(String pipeline) {
        return SCHEMA.validate(JSON.readTree(pipeline)).stream().map(Object::toString).toList();
    }

    private void read(String pipeline) throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, pipeline);
        PipelineReader.read(file, Overrides.none());
    }

    static List<Path> everyExampleIsTaken() throws IOException {
        try (Stream<Path> files = Files.walk(PIPELINE.resolve("examples"))) {
            return files.filter(f -> f.toString().endsWith(".json")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource
    void everyExampleIsTaken(Path example) throws IOException {
        assertThat(errors(Files.readString(example))).isEmpty();
        if (!example.getFileName().toString().equals("common.json")) { // others extend it
            assertThat(PipelineReader.read(example, Overrides.none()).spec().stages()).isNotEmpty();
        }
    }

    /// Where an editor finds the schema.
    @ParameterizedTest
    @MethodSource("everyExampleIsTaken")
    void everyExampleNamesTheSchema(Path example) throws IOException {
        String named = JSON.readTree(example.toFile()).path("$schema").asString("");
        assertThat(example.resolveSibling(named).toRealPath())
                .isEqualTo(PIPELINE.resolve("pipeline.schema.json").toRealPath());
    }

    /// A stage may be left out as other tools say it.
    @Test
    void bothTakeSkip() throws IOException {
        String good = GOOD.replace("\"calibrate\"", "\"calibrate\", \"skip\": false");
        assertThat(errors(good)).isEmpty();
        read(good);
    }

    @Test
    void thereAreExamples() throws IOException {
        assertThat(everyExampleIsTaken()).hasSizeGreaterThan(15);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"cglora\": 1, |  ",
                "\"cglora\": 1 | \"cglora\": 2",
                "\"cglora\": 1 | \"cglora\": \"1\"",
                "\"vars\" | \"sed\": 3, \"vars\"",
                "\"vars\" | \"seed\": -1, \"vars\"",
                "\"vars\" | \"seed\": 1.5, \"vars\"",
                "\"vars\" | \"engine\": {\"type\": \"cuda\"}, \"vars\"",
                "\"vars\" | \"engine\": {\"tpye\": \"jvm\"}, \"vars\"",
                "\"vars\" | \"engine\": \"jvm\", \"vars\"",
                "{\"r\": 8} | 8",
                "\"stage\": \"model\", | ",
                "\"stage\": \"model\" | \"stage\": \"modle\"",
                "\"path\": \"m\" | \"paht\": \"m\"",
                "\"path\": \"m\" | \"path\": 3",
                "\"path\": \"m\" | \"path\": null",
                "\"path\": \"m\" | \"path\": \"m\", \"skip\": 1",
                "\"path\": \"m\" | \"path\": \"m\", \"pooling\": \"max\"",
                "\"path\": \"m\" | \"path\": \"m\", \"follow_links\": \"yes\"",
                "\"validation\" | \"max_length\": \"64\", \"validation\"",
                "\"validation\" | \"max_length\": 2, \"validation\"",
                "\"validation\" | \"labels\": [], \"validation\"",
                "\"validation\" | \"labels\": [\"a\", \"a\"], \"validation\"",
                "\"validation\" | \"labels\": [1, 2], \"validation\"",
                "\"validation\" | \"format\": {\"type\": \"tvs\"}, \"validation\"",
                "\"validation\" | \"buckets\": \"all\", \"validation\"",
                "\"calibrate\" | \"calibrate\", \"samples\": 0",
                "\"${r}\" | \"8\"",
                "\"${r}\" | 0",
                "\"${r}\" | [8]",
                "\"${r}\" | 8, \"lora_dropout\": 1.0",
                "\"${r}\" | 8, \"target_modules\": 3",
                "\"${r}\" | 8, \"rank_pattern\": {\"query\": 0}",
                "\"${r}\" | 8, \"cg\": {\"p_a\": 0.6}",
                "{\"examples\": 8} | {\"exmaples\": 8}",
                "{\"examples\": 8} | \"often\"",
                "1e-4 | \"1e-4\"",
                "1e-4 | 0",
                "1e-4 | 1e-4, \"warmup_ratio\": 6",
                "1e-4 | 1e-4, \"max_steps\": 0",
                "1e-4 | 1e-4, \"eval_steps\": \"epochs\"",
                "\"stage\": \"evaluate\" | \"stage\": \"evaluate\", \"data\": \"dev\"",
                "\"stage\": \"evaluate\" | \"stage\": \"evaluate\", \"metrics\": \"f1\"",
                "\"stage\": \"export\" | \"stage\": \"export\", \"scaling\": 1"
            })
    void whatTheSchemaRefusesTheReaderRefusesToo(String from, String to) {
        assertThat(GOOD).contains(from);
        String bad = GOOD.replace(from, to == null ? "" : to);
        assertThat(errors(bad)).as(bad).isNotEmpty();
        assertThatThrownBy(() -> read(bad)).isInstanceOf(CgloraException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"cglora\": 1",
                "\"cglora\": 1, \"$schema\": \"pipeline.schema.json\"",
                "\"cglora\": 1, \"seed\": null",
                "\"cglora\": 1, \"output_dir\": null",
                "\"cglora\": 1, \"engine\": {\"threads\": \"${r}\"}"
            })
    void bothTakeWhatIsRight(String start) throws IOException {
        String good = GOOD.replace("\"cglora\": 1", start);
        assertThat(errors(good)).isEmpty();
        read(good);
    }
}
