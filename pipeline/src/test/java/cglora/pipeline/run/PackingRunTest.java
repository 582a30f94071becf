package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Language models whose training examples share rows, through whole pipelines.
class PackingRunTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String TEMPLATE =
            "{% for m in messages %}{{ bos_token if m.role == 'user' else '' }}{{ m.content }}"
                    + "{{ eos_token if m.role == 'assistant' else '|' }}{% endfor %}";
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "CAUSAL_LM",
               "config": {"max_position_embeddings": 96}},
              {"stage": "data", "train": "train.jsonl", "validation_split": 0.25,
               "max_length": 90, "max_target_length": 20, "packing": true},
              {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4,
               "target_modules": "all-linear"},
              {"stage": "train", "max_steps": 12, "per_device_batch_size": 2,
               "learning_rate": 0.01, "logging_steps": 1, "eval_steps": 4, "save_steps": 2},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    /// @param chats whether rows are conversations, or texts with what is to follow
    private Path write(String family, boolean chats) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name :
                List.of(
                        "config.json",
                        "model.safetensors",
                        "tokenizer.json",
                        "tokenizer_config.json")) {
            Files.copy(MODELS.resolve(family + "/causal").resolve(name), model.resolve(name));
        }
        Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
        var rows = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            String asked = "good ".repeat(1 + i % 4) + (i % 3 == 0 ? "old" : "new") + i;
            String said = i % 3 == 0 ? "no" : "yes";
            rows.append(
                    chats
                            ? """
                            {"messages": [{"role": "user", "content": "%s"}, \
                            {"role": "assistant", "content": "%s"}, {"role": "user", "content": \
                            "more"}, {"role": "assistant", "content": "ok"}]}
                            """
                                    .formatted(asked, said)
                            : "{\"text\": \"%s:\", \"target\": \"%s\"}%n".formatted(asked, said));
        }
        Files.writeString(folder.resolve("train.jsonl"), rows);
        return Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private List<JsonNode> events(String kind) {
        return RunEvents.read(folder.resolve("runs/latest")).stream()
                .filter(event -> event.path("event").asString().equals(kind))
                .toList();
    }

    /// Where a batch holds all examples either way, three steps are the same to rounding.
    @ParameterizedTest
    @CsvSource({"qwen2, true", "qwen2, false", "mistral, false", "llama, false"})
    void theStepsAreThoseOfTrainingWithoutPacking(String family, boolean chats) throws IOException {
        Path pipeline = write(family, chats);
        Object[] whole = {
            "run",
            pipeline,
            "--set",
            "train.max_steps=3",
            "--set",
            "train.per_device_batch_size=64",
            "--set",
            "data.packing=false"
        };
        TinyRuns.done(whole);
        List<JsonNode> apart = events("step");
        assertThat(events("packing")).isEmpty();
        whole[whole.length - 1] = "data.packing=true";
        TinyRuns.done(whole);
        List<JsonNode> together = events("step");
        assertThat(together).hasSize(3).hasSameSizeAs(apart);
        for (int i = 0; i < 3; i++) {
            for (String key : List.of("loss", "grad_norm")) {
                double expected = apart.get(i).path(key).asDouble();
                assertThat(together.get(i).path(key).asDouble())
                        .as("%s of step %d", key, i + 1)
                        .isCloseTo(expected, within(2e-5 * expected));
            }
            assertThat(together.get(i).path("tokens")).isEqualTo(apart.get(i).path("tokens"));
        }
    }

    @Test
    void theRecordAndThePlanSayWhatBecomesOfTheExamples() throws IOException {
        Path pipeline = write("qwen2", true);
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline);
        JsonNode packing = events("packing").getFirst();
        int rows = packing.path("rows").asInt();
        assertThat(packing.path("examples").asInt()).isEqualTo(30);
        assertThat(packing.path("row_tokens").asInt()).isEqualTo(90);
        assertThat(rows).isBetween(3, 15);
        assertThat(packing.path("padding").asDouble())
                .isLessThan(packing.path("padding_before").asDouble());
        String said = "30 examples in %d rows of 90 tokens, padding ".formatted(rows);
        assertThat(run.err()).contains(said);
        // an epoch is half as many steps as there are rows
        JsonNode last = events("step").getLast();
        assertThat(last.path("epoch").asDouble())
                .isCloseTo(12.0 / Math.ceilDiv(rows, 2), within(0.51));
        TinyRuns.Outcome plan = TinyRuns.done("plan", pipeline);
        assertThat(plan.out()).contains(said, "steps        12 of 2 packed rows");
        assertThat(TinyRuns.done("plan", pipeline, "--set", "data.packing=false").out())
                .contains("steps        12 of 2 examples")
                .doesNotContain("packing");
    }

    /// Evaluation has an example a row: what it says of a model does not depend on packing.
    @Test
    void evaluationIsNotPacked() throws IOException {
        Path pipeline = write("llama", false);
        String untrained = "train.when=false";
        Stream.of("true", "false")
                .map(
                        packing ->
                                TinyRuns.done(
                                                "run",
                                                pipeline,
                                                "--set",
                                                untrained,
                                                "--set",
                                                "data.packing=" + packing)
                                        .out())
                .map(out -> out.lines().filter(line -> line.contains("perplexity")).toList())
                .reduce(
                        (one, other) -> {
                            assertThat(other).isNotEmpty().isEqualTo(one);
                            return one;
                        });
    }

    /// Calibration takes examples one a row; what it makes is trained in packed rows.
    @Test
    void adaptersThatAreCalibratedTrainInPackedRows() throws IOException {
        Path pipeline = write("qwen2", true);
        String text =
                Files.readString(pipeline)
                        .replace(
                                "{\"stage\": \"adapter\", \"method\": \"lora\"",
                                "{\"stage\": \"calibrate\", \"samples\": 12, \"step_samples\": 6,"
                                        + " \"fisher\": \"mc\"},"
                                        + " {\"stage\": \"adapter\", \"method\": \"cg-lora\"");
        Files.writeString(pipeline, text);
        TinyRuns.Outcome packed = TinyRuns.done("run", pipeline);
        String start = calibrated(packed);
        assertThat(start).contains("12 examples");
        assertThat(calibrated(TinyRuns.done("run", pipeline, "--set", "data.packing=false")))
                .isEqualTo(start);
    }

    private static String calibrated(TinyRuns.Outcome run) {
        return run.err()
                .lines()
                .filter(line -> line.contains("] calibrate ") || line.contains("] adapter "))
                .map(line -> line.replaceAll("[0-9.]+ s ", ""))
                .toList()
                .toString();
    }

    @Test
    void aRunThatCrashesGoesOnWithTheSameBits() throws IOException {
        write("mistral", true);
        var run = ResumableRun.of(folder);
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        for (String checkpoint : List.of("checkpoint-2", "checkpoint-6")) {
            Path crashed = run.crashBehind(checkpoint);
            ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
            assertThat(outcome.status()).as(outcome.shown()).isZero();
            assertThat(outcome.shown()).contains("goes on after step");
            assertThat(ResumableRun.exported(crashed))
                    .isNotEmpty()
                    .isEqualTo(ResumableRun.exported(whole));
            assertThat(ResumableRun.metrics(crashed)).isEqualTo(ResumableRun.metrics(whole));
            assertThat(ResumableRun.history(crashed)).isEqualTo(ResumableRun.history(whole));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SEQ_CLS", "SEQ_2_SEQ_LM"})
    void itIsForLanguageModels(String task) throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "validate",
                        write("llama", false).toString(),
                        "--set",
                        "model.task=" + task);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(2);
        assertThat(outcome.err()).contains("O-CONFLICT", "packing is for task CAUSAL_LM");
    }
}
