package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Data stages behind the first one, which trainings and evaluations name.
class SeveralDataTest {
    private static final String TRAIN =
            """
            {"stage": "adapter", "method": "lora", "r": 2, "target_modules": ["query"],
             "head_warmup": false},
            {"stage": "train", %s "max_steps": 3, "per_device_batch_size": 4, "logging_steps": 1,
             "eval_steps": null, "load_best": null, "save_steps": null},
            """;

    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
        var rows = new StringBuilder("text\tlabel\n");
        for (int i = 0; i < 10; i++) {
            rows.append("the very old good book\tyes\n").append("a new bad film\tno\n");
        }
        Files.writeString(folder.resolve("more.tsv"), rows);
        Files.writeString(folder.resolve("one-class.tsv"), "text\tlabel\na good film\tyes\n");
    }

    private TinyRuns.Outcome run(String data, String train, String behind) throws IOException {
        Files.writeString(
                folder.resolve("p.json"),
                """
                {"cglora": 1, "name": "tiny", "seed": 1, "output_dir": "runs", "stages": [
                  {"stage": "model", "path": "model"},
                  %s,
                  %s
                  %s
                  {"stage": "export", "verify": false}]}
                """
                        .formatted(data, TRAIN.formatted(train), behind));
        return runs.run();
    }

    private byte[] adapter() throws IOException {
        return Files.readAllBytes(runs.latest().resolve("adapter/adapter_model.safetensors"));
    }

    @Test
    void aTrainingTakesTheExamplesOfTheStageThatItNames() throws IOException {
        String first = "{\"stage\": \"data\", \"train\": \"train.tsv\", \"max_length\": 12}";
        String more =
                """
                {"stage": "data", "id": "more", "train": "more.tsv", "test": "one-class.tsv",
                 "max_length": 12}\
                """;
        TinyRuns.Outcome outcome =
                run(
                                first + ", " + more,
                                "\"data\": \"more\",",
                                "{\"stage\": \"evaluate\", \"data\": \"more.test\"},"
                                        + "{\"stage\": \"evaluate\", \"id\": \"seen\", \"data\":"
                                        + " \"train\"},")
                        .succeeds();
        assertThat(outcome.err()).contains("[3/8] more", "train 20  validation 0  test 1 examples");
        JsonNode metrics =
                JsonMapper.shared().readTree(runs.latest().resolve("metrics.json").toFile());
        assertThat(metrics.toString())
                .contains("after training, more.test", "after training, train");
        byte[] both = adapter();
        run(more.replace("\"id\": \"more\", ", ""), "", "").succeeds();
        assertThat(adapter()).isEqualTo(both);
        run(first, "", "").succeeds();
        assertThat(adapter()).isNotEqualTo(both);
    }

    @Test
    void allThatIsWrongIsTold() throws IOException {
        Files.writeString(folder.resolve("other.tsv"), "text\tlabel\na film\tmaybe\nb\tyes\n");
        TinyRuns.Outcome names =
                run(
                        "{\"stage\": \"data\", \"train\": \"train.tsv\", \"max_length\":"
                                + " 12},{\"stage\": \"data\", \"id\": \"more\", \"train\":"
                                + " \"more.tsv\"}",
                        "\"data\": \"moer\",",
                        "{\"stage\": \"evaluate\", \"data\": \"mor.test\"},{\"stage\":"
                                + " \"evaluate\", \"id\": \"b\", \"data\": \"more.test\"},");
        assertThat(names.status()).isEqualTo(2);
        assertThat(names.err())
                .contains("has the id 'moer'", "has the id 'mor'", "did you mean 'more'?")
                .contains("measures on 'test', which stage 'more' does not give");
        TinyRuns.Outcome labels =
                run(
                        "{\"stage\": \"data\", \"train\": \"train.tsv\", \"max_length\":"
                                + " 12},{\"stage\": \"data\", \"id\": \"more\", \"train\":"
                                + " \"other.tsv\", \"max_length\": 12},{\"stage\": \"data\", \"id\":"
                                + " \"third\", \"train\": \"more.tsv\", \"max_length\": 12, \"labels\":"
                                + " [\"yes\", \"no\"]}",
                        "",
                        "");
        assertThat(labels.status()).isEqualTo(3);
        assertThat(labels.err())
                .contains("D-LABEL", "other.tsv:2", "'maybe'")
                .contains("O-CONFLICT", "third.labels");
    }

    /// A grid shares what its cells have in common, all data stages of it.
    @Test
    void aGridChoosesAmongDataStages() throws IOException {
        run(
                        "{\"stage\": \"data\", \"train\": \"train.tsv\", \"max_length\": 12,"
                                + " \"validation_split\": 0.25},"
                                + "{\"stage\": \"data\", \"id\": \"more\", \"train\": \"more.tsv\","
                                + " \"validation\": \"train.tsv\", \"max_length\": 12}",
                        "",
                        "")
                .succeeds();
        TinyRuns.Outcome grid =
                runs.run(
                        "--grid",
                        "train.data=null,more",
                        "--set",
                        "output_dir=" + folder.resolve("grids"),
                        "--quiet");
        assertThat(grid.status()).as(grid.err()).isZero();
    }
}
