package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Directories of all families as transformers saves them, through whole pipelines.
class FamilyRunTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "head": "new"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 16},
              {"stage": "calibrate", "samples": 12, "step_samples": 6},
              {"stage": "adapter", "r": 2, "lora_alpha": 4, "target_modules": "all-linear",
               "head_warmup": {"examples": 12}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    private static Outcome execute(Object... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        Stream.of(arguments).map(Object::toString).toArray(String[]::new),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static Outcome done(Object... arguments) {
        Outcome outcome = execute(arguments);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        return outcome;
    }

    private Path write(String family) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(MODELS.resolve(family).resolve(name), model.resolve(name));
        }
        TinyModel.writeData(folder.resolve("train.tsv"));
        return Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private static JsonNode json(Path file) {
        return JsonMapper.shared().readTree(file.toFile());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "roberta     | 12 | classifier | classifier.out_proj.weight",
                "xlm-roberta | 6  | classifier | classifier.out_proj.weight",
                "distilbert  | 12 | classifier, pre_classifier | classifier.weight",
                "electra     | 13 | classifier | classifier.out_proj.weight",
                "llama       | 14 | score | score.weight",
                "qwen3       | 14 | score | score.weight"
            })
    void anAdapterIsTrainedExportedReloadedAndPredicts(
            String family, int layers, String saved, String head) throws IOException {
        Path pipeline = write(family);
        assertThat(done("inspect", folder.resolve("model")).out()).startsWith(family + " model");
        assertThat(done("plan", pipeline).out()).contains("MiB");
        assertThat(done("run", pipeline).err())
                .contains(layers + " modules", "verified: reloaded on the original base");
        Path adapter = folder.resolve("runs/latest/adapter");
        PeftAdapter read = PeftAdapter.read(adapter);
        assertThat(read.layers()).hasSize(layers);
        int hidden = saved.equals("score") ? 16 : 12;
        assertThat(read.shapes().get(head)).containsExactly(2, hidden);
        JsonNode config = json(adapter.resolve(PeftAdapter.CONFIG));
        assertThat(config.path("modules_to_save").valueStream().map(JsonNode::asString).toList())
                .containsExactly(saved.split(", "));
        assertThat(config.path("task_type").asString()).isEqualTo("SEQ_CLS");
        Outcome answer = done("predict", adapter, "--text", "a very good film");
        assertThat(answer.out()).matches("(?s)(yes|no)\t.*");
    }

    @ParameterizedTest
    @CsvSource({
        "roberta, RobertaForSequenceClassification",
        "xlm-roberta, XLMRobertaForSequenceClassification",
        "distilbert, DistilBertForSequenceClassification",
        "electra, ElectraForSequenceClassification",
        "mistral, MistralForSequenceClassification"
    })
    void fullFineTuningGivesADirectoryOfItsClass(String family, String name) throws IOException {
        Path pipeline = write(family);
        assertThat(done("run", pipeline, "--set", "adapter.method=full").err())
                .contains("verified: reloaded, logits differ by");
        Path model = folder.resolve("runs/latest/model");
        assertThat(json(model.resolve("config.json")).path("architectures").get(0).asString())
                .isEqualTo(name);
        Outcome answer = done("predict", model, "--text", "a very good film");
        assertThat(answer.out()).matches("(?s)(yes|no)\t.*");
        done("run", pipeline, "--set", "model.path=" + model, "--set", "model.head=auto");
    }

    @Test
    void theSeedDrawsTheFirstLayerOfANewHead() throws IOException {
        Path pipeline = write("roberta");
        float[][] dense = new float[3][];
        for (int i = 0; i < dense.length; i++) {
            done("init", pipeline, "--set", "seed=" + (i == 2 ? 8 : 7));
            Map<String, float[]> saved =
                    PeftAdapter.read(folder.resolve("runs/latest/adapter")).saved();
            dense[i] = saved.get("classifier.dense.weight");
        }
        assertThat(dense[1]).containsExactly(dense[0]);
        assertThat(dense[2]).isNotEqualTo(dense[0]);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "roberta    | [\"classifier\"]                   | 0",
                "roberta    | [\"classifier\", \"score\"]        | 0",
                "roberta    | [\"pooler\"]                       | 2",
                "distilbert | [\"pre_classifier\", \"classifier\"] | 0",
                "distilbert | [\"classifier\"]                   | 0",
                "distilbert | [\"pre_classifier\"]               | 2"
            })
    void modulesToSaveAreThoseOfTheHeadAsPeftFindsThem(String family, String saved, int status)
            throws IOException {
        Outcome outcome =
                execute("validate", write(family), "--set", "adapter.modules_to_save=" + saved);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err().contains("A-SAVED")).isEqualTo(status != 0);
    }

    @Test
    void aPairNeedsOneTokenBesideTheSpecialTokensOfItsFamily() throws IOException {
        Path pipeline = write("roberta");
        // texts that differ: a split keeps equal ones together
        var rows = new StringBuilder("text\ttext_pair\tlabel\n");
        for (int i = 1; i <= 20; i++) {
            rows.append("good".repeat(i)).append("\tfilm\tyes\n");
            rows.append("bad".repeat(i)).append("\tbook\tno\n");
        }
        Files.writeString(folder.resolve("train.tsv"), rows);
        Outcome outcome = execute("validate", pipeline, "--set", "data.max_length=4");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("no token of a pair", "at least 5");
        done("validate", pipeline, "--set", "data.max_length=5");
    }

    @Test
    void aHeadOfWhichAPartIsMissingIsRefused() throws IOException {
        Path pipeline = write("roberta");
        TinyModel.drop(folder.resolve("model"), "classifier.dense.weight");
        Outcome outcome = execute("run", pipeline, "--set", "model.head=auto");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("M-SHAPE", "classifier.dense.weight is missing");
        Outcome predicted = execute("predict", folder.resolve("model"), "--text", "good");
        assertThat(predicted.status()).isEqualTo(3);
        assertThat(predicted.err()).contains("M-SHAPE", "classifier.dense.weight is missing");
        done("run", pipeline); // its head is new
    }
}
