package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/// Whole pipelines through the command line, on the quickstart's model with very little data.
class PipelineRunTest {
    /// Few layers: their initialisation is what such runs spend their time on.
    private static final String TARGETS =
            "adapter.target_modules=[\"layer.0.attention.self.query\","
                    + "\"layer.0.attention.output.dense\",\"layer.5.output.dense\"]";

    private static final List<String> SMALL =
            List.of(
                    "--set", "data.train_examples=96",
                    "--set", "data.validation_examples=16",
                    "--set", "data.test_examples=24",
                    "--set", "data.max_length=24",
                    "--set", TARGETS,
                    "--set", "adapter.head_warmup={\"examples\":32}",
                    "--set", "train.max_steps=3",
                    "--set", "train.per_device_batch_size=8",
                    "--set", "train.eval_steps=2");
    private static final List<String> CALIBRATED =
            List.of("--set", "calibrate.samples=24", "--set", "calibrate.step_samples=16");

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    private static Path example(String name) {
        return Path.of(System.getProperty("cglora.root"))
                .resolve("pipeline/examples")
                .resolve(name);
    }

    private Outcome run(String example, String... more) {
        var arguments = new ArrayList<String>(List.of("run", example(example).toString()));
        arguments.addAll(SMALL);
        if (!example.contains("-lora")) {
            arguments.addAll(CALIBRATED);
        }
        arguments.addAll(List.of("--set", "output_dir=" + folder.resolve("runs")));
        arguments.addAll(Arrays.asList(more));
        return execute(arguments.toArray(String[]::new));
    }

    private static Outcome execute(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private List<Path> runs() throws IOException {
        try (var files = Files.list(folder.resolve("runs"))) {
            return files.filter(f -> !Files.isSymbolicLink(f)).sorted().toList();
        }
    }

    @Test
    void cgLoraLeavesAWholeRunAndTheSameBitsTwice() throws IOException {
        for (int i = 0; i < 2; i++) {
            Outcome outcome = run("quickstart.json");
            assertThat(outcome.status()).as(outcome.err()).isZero();
            assertThat(outcome.out())
                    .contains("head only", "after initialisation", "after training");
            assertThat(outcome.err()).contains("verified");
        }
        List<Path> runs = runs();
        assertThat(runs).hasSize(2);
        assertThat(Files.readAllBytes(runs.get(0).resolve("adapter/adapter_model.safetensors")))
                .isEqualTo(
                        Files.readAllBytes(
                                runs.get(1).resolve("adapter/adapter_model.safetensors")));
        for (String name : new String[] {"pipeline.json", "run.json", "metrics.json"}) {
            assertThat(runs.getFirst().resolve(name)).isRegularFile();
        }
        var record = JsonMapper.shared().readTree(runs.getFirst().resolve("run.json").toFile());
        assertThat(record.path("version").asString("")).isEqualTo(ProductVersion.get());
        for (String line : Files.readAllLines(runs.getFirst().resolve("events.jsonl"))) {
            assertThat(JsonMapper.shared().readTree(line).has("event")).isTrue();
        }
        var config =
                JsonMapper.shared()
                        .readTree(runs.getFirst().resolve("adapter/adapter_config.json").toFile());
        assertThat(config.get("peft_type").asString()).isEqualTo("LORA");
        assertThat(config.get("lora_alpha").asInt()).isEqualTo(16);
        assertThat(config.get("target_modules").get(0).asString())
                .isEqualTo("bert.encoder.layer.0.attention.output.dense");
        Outcome answer =
                execute("predict", runs.getFirst().toString(), "--text", "a small furry animal");
        assertThat(answer.status()).as(answer.err()).isZero();
        assertThat(answer.out()).startsWith("noun.");
    }

    @Test
    void theSketchedFormTakesItsStepFromThePrediction() {
        Outcome outcome =
                run(
                        "quickstart.json",
                        "--set",
                        "calibrate.form=sketched",
                        "--set",
                        "adapter.cg.step=predicted");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("sketched", "verified");
    }

    @Test
    void plainLoraAndFullFineTuningRun() throws IOException {
        Outcome lora = run("quickstart-lora.json");
        assertThat(lora.status()).as(lora.err()).isZero();
        Path full = folder.resolve("full.json");
        String text =
                Files.readString(example("quickstart-lora.json"))
                        .replace("\"method\": \"lora\"", "\"method\": \"full\"")
                        .replaceAll("\\s*\\{ \"stage\": \"export\" }", "")
                        .replaceAll("(\"accuracy\"] }),", "$1");
        Files.writeString(full, text);
        var arguments = new ArrayList<String>(List.of("run", full.toString()));
        arguments.addAll(SMALL);
        arguments.addAll(List.of("--set", "output_dir=" + folder.resolve("runs")));
        Outcome outcome = execute(arguments.toArray(String[]::new));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("after training");
    }

    @Test
    void planPrintsMemoryAndWritesNothing() throws IOException {
        var arguments =
                new ArrayList<String>(List.of("plan", example("quickstart.json").toString()));
        arguments.addAll(SMALL);
        arguments.addAll(List.of("--set", "output_dir=" + folder.resolve("runs")));
        Outcome outcome = execute(arguments.toArray(String[]::new));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("parameters", "steps        3", "MiB at train");
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.path=bert-base-uncased            | 3 | M-PATH     | nothing is downloaded",
                "model.path=classpath:nothing.onnx       | 3 | M-PATH     | nothing.onnx",
                "model.tokenizer=nowhere/tokenizer.json  | 3 | T-MISSING  | tokenizer.json",
                "model.pooling=pooler                    | 3 | M-TENSOR   | pooler",
                "data.train=nowhere.tsv                  | 3 | D-MISSING  | no such file",
                "data.max_length=4096                    | 2 | O-RANGE    | positions",
                "adapter.target_modules=[\"q_proj\"]     | 3 | A-TARGET   | 36 linear modules",
                "adapter.r=4096                          | 2 | A-RANK     | 384",
                "adapter.rank_pattern={\"querry\":4}     | 3 | A-TARGET   | rank_pattern",
                "adapter.modules_to_save=[\"pooler\"]   | 2 | A-SAVED    | pooler",
                "engine.type=tornado                     | 4 | V-ENGINE   | jvm",
                "data.test_examples=900000               | 3 | D-EMPTY    | ask for fewer"
            })
    void badInputEndsInOneMessageAndLeavesNothing(
            String setting, int status, String code, String essence) {
        Outcome outcome = run("quickstart.json", "--set", setting.strip());
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains("error " + code.strip(), essence.strip());
        assertThat(outcome.err()).doesNotContain("\tat ");
        assertThat(folder.resolve("runs")).doesNotExist();
    }
}
