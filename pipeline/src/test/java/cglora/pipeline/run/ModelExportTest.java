package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.Safetensors;
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
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Whatever is trained is kept: models without adapter as a whole, adapters without a stage that
/// asks for it.
class ModelExportTest {
    private static final String SMALLEST =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "max_length": 12},
              {"stage": "train"}]}
            """;
    private static final String FULL =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "adapter", "method": "full", "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
    }

    private static Outcome execute(List<String> arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments.toArray(String[]::new),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Outcome run(String pipeline, String... more) throws IOException {
        Files.writeString(folder.resolve("p.json"), pipeline);
        var arguments = new ArrayList<>(List.of("run", folder.resolve("p.json").toString()));
        arguments.addAll(Arrays.asList(more));
        return execute(arguments);
    }

    private Path model() {
        return folder.resolve("runs/latest/model");
    }

    private static String label(Outcome answer) {
        assertThat(answer.status()).as(answer.err()).isZero();
        return answer.out().substring(0, answer.out().indexOf('\t'));
    }

    @Test
    void theSmallestPipelineTrainsEveryWeightAndKeepsTheModel() throws IOException {
        Outcome outcome = run(SMALLEST, "--set", "train.epochs=20");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("verified: reloaded, logits differ by");
        assertThat(outcome.out()).contains("model   ", "next: cglora predict");
        try (var before = new Safetensors(folder.resolve("model/model.safetensors"));
                var after = new Safetensors(model().resolve("model.safetensors"))) {
            assertThat(after.names())
                    .containsAll(before.names())
                    .contains("classifier.weight", "classifier.bias");
            for (String name : before.names()) {
                assertThat(after.shape(name)).isEqualTo(before.shape(name));
            }
            String query = "bert.encoder.layer.0.attention.self.query.weight";
            assertThat(after.read(query)).isNotEqualTo(before.read(query));
        }
        JsonNode config = JsonMapper.shared().readTree(model().resolve("config.json").toFile());
        assertThat(config.path("architectures").get(0).asString())
                .isEqualTo("BertForSequenceClassification");
        assertThat(config.path("num_labels").asInt()).isEqualTo(2);
        assertThat(config.path("id2label").path("1").asString()).isEqualTo("yes");
        assertThat(config.path("label2id").path("no").asInt(-1)).isZero();
        assertThat(config.path("problem_type").asString()).isEqualTo("single_label_classification");
        assertThat(config.path("num_attention_heads").asInt()).isEqualTo(3);
        assertThat(model().resolve("tokenizer.json")).hasContent(TinyModel.TOKENIZER);
        for (Path place : new Path[] {model(), folder.resolve("runs/latest")}) {
            List<String> predict = List.of("predict", place.toString(), "--text", "a good film");
            assertThat(label(execute(predict))).isEqualTo("yes");
        }
        Outcome again =
                run(SMALLEST.replace("\"model\"}", "\"x\"}"), "--set", "model.path=" + model());
        assertThat(again.status()).as(again.err()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cls", "mean"})
    void fullFineTuningExportsTheModelWithItsPooling(String pooling) throws IOException {
        Outcome outcome = run(FULL, "--set", "model.pooling=" + pooling);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("export").contains("verified: reloaded, logits differ");
        assertThat(Files.readString(model().resolve("config.json"))).contains('"' + pooling + '"');
        assertThat(folder.resolve("runs/latest/model.tmp")).doesNotExist();
    }

    @Test
    void aRegressionIsReadBackAsOne() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.writeString(
                data, Files.readString(data).replace("\tyes", "\t1.5").replace("\tno", "\t-0.5"));
        Outcome outcome = run(FULL, "--set", "model.problem_type=regression");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        Outcome answer =
                execute(List.of("predict", model().toString(), "--text", "a film", "--json"));
        assertThat(answer.status()).as(answer.err()).isZero();
        assertThat(answer.out()).contains("\"prediction\"").doesNotContain("probabilities");
    }

    @Test
    void anAdapterIsKeptUnlessThePipelineDeclines() throws IOException {
        String lora =
                FULL.replace("\"full\"", "\"lora\"").replace(",\n  {\"stage\": \"export\"}", "");
        assertThat(lora).doesNotContain("export");
        Outcome outcome = run(lora);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("verified: reloaded on the original base");
        assertThat(folder.resolve("runs/latest/adapter/adapter_config.json")).isRegularFile();
        Outcome declined = run(FULL.replace("\"full\"", "\"lora\""), "--set", "export.when=false");
        assertThat(declined.status()).as(declined.err()).isZero();
        assertThat(folder.resolve("runs/latest/adapter")).doesNotExist();
    }

    @Test
    void theRecordSaysWhatWasRunOnWhat() throws IOException {
        Outcome outcome = run(FULL, "--quiet");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).doesNotContain("[1/5]");
        Path run = folder.resolve("runs/latest");
        assertThat(Files.readString(run.resolve("log.txt")))
                .contains("[1/5] model", "[5/5] export");
        JsonNode record = JsonMapper.shared().readTree(run.resolve("run.json").toFile());
        assertThat(record.path("argv").get(0).asString()).isEqualTo("run");
        assertThat(record.path("openblas").asString()).contains("OpenBLAS 0.3");
        JsonNode sums = record.path("sha256");
        assertThat(sums.propertyNames())
                .hasSize(4)
                .anySatisfy(name -> assertThat(name).endsWith("model/model.safetensors"))
                .anySatisfy(name -> assertThat(name).endsWith("model/config.json"))
                .anySatisfy(name -> assertThat(name).endsWith("model/tokenizer.json"))
                .anySatisfy(name -> assertThat(name).endsWith("train.tsv"));
        assertThat(sums.values()).allSatisfy(sum -> assertThat(sum.asString()).hasSize(64));
    }

    @Test
    void theLogKeepsTheTraceOfAFailure() throws IOException {
        Outcome outcome =
                run(FULL, "--set", "train.learning_rate=1e30", "--set", "train.max_steps=9");
        assertThat(outcome.status()).isEqualTo(6);
        assertThat(outcome.err()).doesNotContain("\tat ");
        try (var runs = Files.list(folder.resolve("runs"))) {
            assertThat(Files.readString(runs.findFirst().orElseThrow().resolve("log.txt")))
                    .contains("N-NAN", "\tat cglora.");
        }
    }

    /// Without a stage that evaluates, the table has what training started from and what it
    /// reached.
    @Test
    void theTableShowsBeforeAndAfterWithoutAnEvaluation() throws IOException {
        Outcome warmed = run(FULL);
        assertThat(warmed.out()).contains("head only", "after training, validation");
        TinyModel.write(folder.resolve("model"), 5, 2);
        Outcome headed = run(FULL.replace(", \"head_warmup\": {\"examples\": 8}", ""));
        assertThat(headed.status()).as(headed.err()).isZero();
        assertThat(headed.out())
                .contains("before training", "after training, validation")
                .doesNotContain("head only");
        assertThat(Files.readString(folder.resolve("runs/latest/metrics.json")))
                .contains("\"after training, validation\"");
    }

    @Test
    void anAdapterFromElsewhereAnswersWithTheNamesOfItsBase() throws IOException {
        assertThat(run(FULL.replace("\"full\"", "\"lora\"")).status()).isZero();
        PeftAdapter ours = PeftAdapter.read(folder.resolve("runs/latest/adapter"));
        Path foreign = Files.createDirectories(folder.resolve("foreign"));
        new PeftAdapter(ours.layers(), ours.saved(), ours.shapes(), ours.base(), Map.of())
                .write(foreign, 0);
        Outcome answer = execute(List.of("predict", foreign.toString(), "--text", "a good film"));
        assertThat(label(answer)).isIn("yes", "no");
    }

    @Test
    void aModelWithoutHeadHasNoAnswers() {
        Outcome outcome =
                execute(
                        List.of(
                                "predict",
                                folder.resolve("model").toString(),
                                "--text",
                                "a good film"));
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("error M-HEAD", "brings no head");
    }
}
