package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
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
import tools.jackson.databind.json.JsonMapper;

/// T5 as transformers saves it, through whole pipelines.
class Seq2SeqRunTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "SEQ_2_SEQ_LM"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 16,
               "max_target_length": 6},
              {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

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
    @CsvSource({"t5, 12", "t5-v1_1, 10"})
    void anAdapterIsTrainedExportedReloadedAndWrites(String family, int layers) throws IOException {
        Path pipeline = write(family);
        assertThat(TinyRuns.done("inspect", folder.resolve("model")).out()).startsWith("t5 model");
        assertThat(
                        TinyRuns.done("validate", pipeline).err()
                                + TinyRuns.done("plan", pipeline).out())
                .contains("MiB");
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline);
        assertThat(run.err())
                .contains(
                        layers / 2 * 2 + " modules",
                        "texts to write",
                        "verified: reloaded on the original base");
        assertThat(run.out()).contains("before training", "exact_match");
        Path adapter = folder.resolve("runs/latest/adapter");
        assertThat(PeftAdapter.read(adapter).layers().keySet())
                .allMatch(name -> name.endsWith(".q") || name.endsWith(".v"));
        JsonNode config = json(adapter.resolve(PeftAdapter.CONFIG));
        assertThat(config.path("task_type").asString()).isEqualTo("SEQ_2_SEQ_LM");
        assertThat(config.path("modules_to_save").isNull()).isTrue();
        String text = "a very good film";
        JsonNode greedy = answer(adapter, text);
        assertThat(greedy.path("tokens").size()).isLessThanOrEqualTo(6);
        assertThat(answer(adapter, text, "--beams", 1)).isEqualTo(greedy);
        assertThat(answer(adapter, text, "--beams", 3, "--max-tokens", 2).path("tokens").size())
                .isLessThanOrEqualTo(2);
    }

    private static JsonNode answer(Path place, String text, Object... more) {
        Object[] arguments =
                Stream.concat(
                                Stream.of("predict", place, "--json", "--text", text),
                                Stream.of(more))
                        .toArray();
        return JsonMapper.shared().readTree(TinyRuns.done(arguments).out());
    }

    @Test
    void enoughStepsTeachItToWriteTheClass() throws IOException {
        Path pipeline = write("t5-v1_1");
        TinyRuns.Outcome run =
                TinyRuns.done(
                        "run",
                        pipeline,
                        "--set",
                        "train.max_steps=150",
                        "--set",
                        "train.learning_rate=0.01",
                        "--set",
                        "adapter.target_modules=all-linear",
                        "--set",
                        "data.source_template=\"is it a yes: {text}\"");
        double before = metric(run.out(), "before training", "exact_match");
        double after = metric(run.out(), "after training", "exact_match");
        assertThat(before).isZero();
        assertThat(after).isGreaterThan(0.9);
        // the words alone make the class: the template goes with the adapter
        String good =
                answer(folder.resolve("runs/latest/adapter"), "a good film")
                        .path("prediction")
                        .asString();
        assertThat(good).isIn("yes", "no");
    }

    private static double metric(String table, String state, String name) {
        return table.lines()
                .filter(line -> line.startsWith(state))
                .map(line -> line.replaceAll(".*" + name + " (\\S+).*", "$1"))
                .mapToDouble(Double::parseDouble)
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"t5", "t5-v1_1"})
    void fullFineTuningGivesADirectoryOfItsClass(String family) throws IOException {
        Path pipeline = write(family);
        assertThat(TinyRuns.done("run", pipeline, "--set", "adapter.method=full").err())
                .contains("verified: reloaded, logits differ by");
        Path model = folder.resolve("runs/latest/model");
        assertThat(json(model.resolve("config.json")).path("architectures").get(0).asString())
                .isEqualTo("T5ForConditionalGeneration");
        assertThat(answer(model, "a very good film").has("prediction")).isTrue();
        TinyRuns.done("run", pipeline, "--set", "model.path=" + model);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.task=SEQ_CLS               | 3 | is no encoder",
                "adapter.method=cg-lora           | 2 | needs the statistics of a stage"
                        + " 'calibrate'",
                "adapter.head_warmup=true         | 2 | is not there for task SEQ_2_SEQ_LM",
                "model.pooling=mean               | 2 | is for classes and numbers",
                "evaluate.metrics=[\"accuracy\"]  | 2 | does not fit SEQ_2_SEQ_LM",
                "adapter.modules_to_save=[\"lm_head\"] | 2 | A-SAVED",
                "model.config={\"feed_forward_proj\": \"gated-silu\"} | 3 | 'gated-silu' is not"
                        + " supported",
                "model.config={\"is_decoder\": true} | 3 | is_decoder is true"
            })
    void whatCannotBeIsRefusedByName(String setting, int status, String essence)
            throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", write("t5").toString(), "--set", setting);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains(essence);
    }
}
