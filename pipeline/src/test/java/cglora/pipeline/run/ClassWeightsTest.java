package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// Weights of the classes in the loss.
class ClassWeightsTest {
    @TempDir Path folder;

    private TinyRuns runs;
    private List<String> rows;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.loraIn(folder);
        rows = Files.readAllLines(folder.resolve("train.tsv"));
        rows = new ArrayList<>(rows.subList(0, 41)); // a header, 20 rows of each class
        Files.write(folder.resolve("train.tsv"), rows);
    }

    /// Trains on one batch of all rows.
    private double[] train(int batch, int accumulation, String weights) throws IOException {
        runs.run(
                        "--set", "train.weight_decay=0",
                        "--set", "train.per_device_batch_size=" + batch,
                        "--set", "train.gradient_accumulation_steps=" + accumulation,
                        "--set", "train.class_weights=" + weights)
                .succeeds();
        var values = new ArrayList<Double>();
        for (JsonNode event : RunEvents.read(runs.latest())) {
            if (event.path("event").asString("").equals("step")) {
                values.add(event.path("loss").asDouble(Double.NaN));
            }
        }
        assertThat(values).hasSize(2);
        try (var adapter =
                new Safetensors(runs.latest().resolve("adapter/adapter_model.safetensors"))) {
            for (String name : adapter.names()) {
                for (float value : adapter.read(name)) {
                    values.add((double) value);
                }
            }
        }
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /// The rows of `yes` stand in the file three times.
    private void triple() throws IOException {
        var more = new ArrayList<>(rows);
        for (int i = 0; i < 2; i++) {
            more.addAll(rows.stream().filter(row -> row.endsWith("\tyes")).toList());
        }
        Files.write(folder.resolve("train.tsv"), more);
    }

    @Test
    void aClassOfThreefoldWeightIsAClassThatStandsThereThreeTimes() throws IOException {
        double[] weighted = train(40, 1, "{\"yes\": 3}");
        double[] accumulated = train(10, 4, "{\"yes\": 3}");
        double[] plain = train(40, 1, "null");
        triple();
        double[] tripled = train(80, 1, "null");
        double farthest = 0;
        for (int i = 0; i < weighted.length; i++) {
            assertThat(weighted[i]).as("" + i).isCloseTo(tripled[i], within(2e-4));
            assertThat(accumulated[i]).as("" + i).isCloseTo(tripled[i], within(2e-4));
            farthest = Math.max(farthest, Math.abs(plain[i] - tripled[i]));
        }
        assertThat(farthest).isGreaterThan(2e-3);
    }

    @Test
    void autoMakesClassesCountTheSame() throws IOException {
        triple();
        double[] auto = train(80, 1, "auto");
        double[] given = train(80, 1, "{\"no\": 3}");
        for (int i = 0; i < auto.length; i++) {
            assertThat(auto[i]).as("" + i).isCloseTo(given[i], within(2e-4));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"yes\": 1, \"nö\": 2} | P-VALUE | did you mean 'no'?",
                "{\"yes\": 0} | O-RANGE | above 0",
                "balanced | P-TYPE | \"auto\"",
                "[1, 2] | P-TYPE | \"auto\""
            })
    void weightsThatAreNoneAreRefused(String weights, String code, String essence) {
        TinyRuns.Outcome outcome = runs.run("--set", "train.class_weights=" + weights);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(2);
        assertThat(outcome.err()).contains(code, essence);
    }
}
