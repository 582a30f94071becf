package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// An adapter stage that takes the adapter and the head of an earlier run.
class EarlierAdapterTest {
    private static final String AGAIN =
            """
            {"cglora": 1, "name": "again", "seed": 2, "output_dir": "again", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "adapter", "from": "runs/latest" %s},
              {"stage": "evaluate", "id": "start"},
              {"stage": "train", "max_steps": 4, "per_device_batch_size": 4, "lr": 1e-3,
               "when": %s},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void runOnce() throws IOException {
        runs = TinyRuns.in(folder);
        runs.run("--set", "adapter.cg.coordinates=plain", "--set", "adapter.cg.shift=true")
                .succeeds();
    }

    private TinyRuns.Outcome again(String more, boolean trains) throws IOException {
        Path file = folder.resolve("again.json");
        Files.writeString(file, AGAIN.formatted(more, trains));
        return TinyRuns.execute("run", file.toString(), "--engine", "jvm");
    }

    private JsonNode metrics(String run) {
        return JsonMapper.shared().readTree(folder.resolve(run).resolve("metrics.json").toFile());
    }

    private static Map<String, PeftAdapter.Layer> layers(Path run) {
        return PeftAdapter.read(run.resolve("adapter")).layers();
    }

    @Test
    void itStartsAsTheEarlierOneEndedAndLearnsOn() throws IOException {
        again("", true).succeeds();
        // another seed draws another validation split, so the states are compared by the weights
        Path first = folder.resolve("runs/latest");
        Path second = folder.resolve("again/latest");
        assertThat(metrics("again/latest").propertyNames())
                .contains("after initialisation", "before training, validation");
        assertThat(layers(second)).containsOnlyKeys(layers(first).keySet());
        layers(first)
                .forEach(
                        (name, layer) -> {
                            PeftAdapter.Layer now = layers(second).get(name);
                            assertThat(now.r()).isEqualTo(layer.r());
                            assertThat(now.scaling()).isEqualTo(layer.scaling());
                            assertThat(now.loraB()).isNotEqualTo(layer.loraB());
                        });
    }

    /// Nothing trained between: the same adapter comes out, and says the same.
    @Test
    void untrainedItIsTheSame() throws IOException {
        again("", false).succeeds();
        PeftAdapter first = PeftAdapter.read(folder.resolve("runs/latest/adapter"));
        PeftAdapter second = PeftAdapter.read(folder.resolve("again/latest/adapter"));
        first.layers()
                .forEach(
                        (name, layer) -> {
                            assertThat(second.layers().get(name).loraA()).isEqualTo(layer.loraA());
                            assertThat(second.layers().get(name).loraB()).isEqualTo(layer.loraB());
                        });
        first.saved()
                .forEach((name, values) -> assertThat(second.saved().get(name)).isEqualTo(values));
    }

    /// The resolved pipeline is one itself, and a killed run of it goes on.
    @Test
    void theRecordCanBeRunAgain() throws IOException {
        again("", true).succeeds();
        TinyRuns.execute("replay", folder.resolve("again/latest").toString()).succeeds();
    }

    @Test
    void whatTheEarlierOneDecidesIsNotAskedFor() throws IOException {
        TinyRuns.Outcome outcome =
                again(", \"r\": 4, \"method\": \"pissa\", \"target_modules\": [\"query\"]", true);
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err())
                .contains(
                        "O-CONFLICT", "'r' and 'from'", "'method' and 'from'", "'target_modules'");
        assertThat(folder.resolve("again")).doesNotExist();
    }

    @Test
    void anotherBaseIsRefused() throws IOException {
        TinyModel.write(folder.resolve("model"), 6, 0);
        TinyRuns.Outcome outcome = again("", true);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-BASE", "SHA-256");
    }

    @Test
    void aModelThatWasTrainedWholeIsAPathOfAModel() throws IOException {
        runs.run("--set", "adapter.method=full").succeeds();
        TinyRuns.Outcome outcome = again("", true);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-CONFIG", "\"path\" of the model stage");
    }

    @Test
    void aFolderWithoutAnAdapterIsRefused() throws IOException {
        Files.writeString(
                folder.resolve("again.json"),
                AGAIN.formatted("", true).replace("runs/latest", "nowhere"));
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", folder.resolve("again.json").toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("M-PATH", "nowhere", "is not there");
    }
}
