package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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

/// Decoders as transformers saves them, as language models through whole pipelines.
class CausalRunTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "CAUSAL_LM"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 20,
               "max_target_length": 6, "source_template": "{text}:"},
              {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private Path write(String family) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(MODELS.resolve(family).resolve("causal").resolve(name), model.resolve(name));
        }
        TinyModel.writeData(folder.resolve("train.tsv"));
        return Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private static JsonNode json(Path file) {
        return JsonMapper.shared().readTree(file.toFile());
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral", "qwen3"})
    void anAdapterIsTrainedExportedReloadedAndWrites(String family) throws IOException {
        Path pipeline = write(family);
        assertThat(TinyRuns.done("inspect", folder.resolve("model")).out())
                .startsWith(family + " model");
        assertThat(
                        TinyRuns.done("validate", pipeline).err()
                                + TinyRuns.done("plan", pipeline).out())
                .contains("MiB");
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline);
        assertThat(run.err())
                .contains("4 modules", "texts to write", "verified: reloaded on the original base");
        assertThat(run.out()).contains("before training", "perplexity");
        Path adapter = folder.resolve("runs/latest/adapter");
        assertThat(PeftAdapter.read(adapter).layers().keySet())
                .allMatch(name -> name.endsWith(".q_proj") || name.endsWith(".v_proj"));
        JsonNode config = json(adapter.resolve(PeftAdapter.CONFIG));
        assertThat(config.path("task_type").asString()).isEqualTo("CAUSAL_LM");
        assertThat(config.path("modules_to_save").isNull()).isTrue();
        JsonNode greedy = answer(adapter);
        assertThat(greedy.path("tokens").size()).isBetween(1, 6);
        assertThat(answer(adapter, "--temperature", 0)).isEqualTo(greedy);
        JsonNode drawn = answer(adapter, "--temperature", 3, "--seed", 4);
        assertThat(answer(adapter, "--temperature", 3, "--seed", 4)).isEqualTo(drawn);
        assertThat(answer(adapter, "--temperature", 3, "--seed", 4, "--top-k", 1).path("tokens"))
                .isEqualTo(greedy.path("tokens"));
        assertThat(answer(adapter, "--max-tokens", 1).path("tokens").size()).isOne();
        assertThat(answer(adapter, "--dtype", "bfloat16").path("tokens").size()).isBetween(1, 6);
    }

    /// What it said of itself it says again, in a run that has none of its own.
    @Test
    void aModelThatWasTrainedWholeIsMeasured() throws IOException {
        Path pipeline = write("qwen3");
        String first = evaluated(wholly(pipeline));
        assertThat(evaluated(TinyRuns.done("run", measuring()))).isEqualTo(first);
    }

    @Test
    void aClassifierIsNotTakenForAModelThatWrites() throws IOException {
        Path pipeline = write("qwen3");
        Files.writeString(
                pipeline,
                PIPELINE.replace("CAUSAL_LM", "SEQ_CLS")
                        .replace("\"max_target_length\": 6, \"source_template\": \"{text}:\"", "")
                        .replace("\"max_length\": 20,", "\"max_length\": 20"));
        wholly(pipeline);
        TinyRuns.Outcome refused = TinyRuns.execute("validate", measuring().toString());
        assertThat(refused.status()).isEqualTo(3);
        assertThat(refused.err()).contains("A-CONFIG", "not one for task CAUSAL_LM");
    }

    private TinyRuns.Outcome wholly(Path pipeline) {
        String place = "output_dir=" + folder.resolve("first");
        return TinyRuns.done("run", pipeline, "--set", "adapter.method=full", "--set", place);
    }

    private Path measuring() throws IOException {
        return Files.writeString(
                folder.resolve("again.json"),
                PIPELINE.replaceAll(" *\\{\"stage\": \"(adapter|train|export)\".*\n", "")
                        .replace(
                                "{\"stage\": \"evaluate\"},",
                                "{\"stage\": \"evaluate\", \"from\": \"first/latest\"}]}"));
    }

    /// It starts as it ended: the loss is the same to the last digit that is shown.
    @Test
    void aRunStartsAsTheAdapterOfAnEarlierOne() throws IOException {
        Path pipeline = write("llama");
        String first =
                evaluated(
                        TinyRuns.done(
                                "run", pipeline, "--set", "output_dir=" + folder.resolve("first")));
        Path again =
                Files.writeString(
                        folder.resolve("again.json"),
                        PIPELINE.replace(
                                        "\"method\": \"lora\", \"r\": 2, \"lora_alpha\": 4",
                                        "\"from\": \"first/latest\"")
                                .replace(
                                        "\"stage\": \"train\",",
                                        "\"stage\": \"train\", \"when\": false,")
                                .replace(
                                        "{\"stage\": \"export\"}",
                                        "{\"stage\": \"export\", \"when\": false}"));
        TinyRuns.Outcome second = TinyRuns.done("run", again);
        assertThat(second.err()).contains("that of", "r 2  4 modules");
        assertThat(evaluated(second)).isEqualTo(first);
        Path other = folder.resolve("first/latest/adapter/adapter_model.safetensors");
        String bytes = Files.readString(other, StandardCharsets.ISO_8859_1);
        Files.writeString(
                other, bytes.replace("CAUSAL_LM", "OTHER_ONE"), StandardCharsets.ISO_8859_1);
        TinyRuns.Outcome refused = TinyRuns.execute("validate", again.toString());
        assertThat(refused.status()).isEqualTo(3);
        assertThat(refused.err()).contains("A-CONFIG", "is for task OTHER_ONE");
    }

    /// What the evaluation shows.
    private static String evaluated(TinyRuns.Outcome run) {
        return run.err()
                .lines()
                .filter(line -> line.contains("] evaluate "))
                .map(line -> line.substring(line.indexOf("validation")))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode answer(Path place, Object... more) {
        Object[] arguments =
                Stream.concat(
                                Stream.of("predict", place, "--json", "--text", "a very good film"),
                                Stream.of(more))
                        .toArray();
        return JsonMapper.shared().readTree(TinyRuns.done(arguments).out());
    }

    @Test
    void enoughStepsTeachItToWriteTheClass() throws IOException {
        Path pipeline = write("qwen2");
        TinyRuns.Outcome run =
                TinyRuns.done(
                        "run",
                        pipeline,
                        "--set",
                        "train.max_steps=300",
                        "--set",
                        "train.learning_rate=0.01",
                        "--set",
                        "adapter.target_modules=all-linear");
        assertThat(metric(run.out(), "before training", "exact_match")).isZero();
        assertThat(metric(run.out(), "after training", "exact_match")).isGreaterThan(0.8);
        assertThat(metric(run.out(), "after training", "perplexity"))
                .isLessThan(metric(run.out(), "before training", "perplexity"));
        // what evaluation finds the likeliest is what is written: the end token ends it
        String written =
                answer(folder.resolve("runs/latest/adapter")).path("prediction").asString();
        assertThat(written).isIn("yes", "no");
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
    @CsvSource({"llama, LlamaForCausalLM", "qwen3, Qwen3ForCausalLM"})
    void fullFineTuningGivesADirectoryOfItsClass(String family, String name) throws IOException {
        Path pipeline = write(family);
        assertThat(TinyRuns.done("run", pipeline, "--set", "adapter.method=full").err())
                .contains("verified: reloaded, logits differ by");
        Path model = folder.resolve("runs/latest/model");
        assertThat(json(model.resolve("config.json")).path("architectures").get(0).asString())
                .isEqualTo(name);
        assertThat(answer(model).has("prediction")).isTrue();
        TinyRuns.done("run", pipeline, "--set", "model.path=" + model);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.task=SEQ_2_SEQ_LM          | 3 | writes no sequences",
                "adapter.method=cg-lora           | 2 | needs the statistics of a stage"
                        + " 'calibrate'",
                "adapter.head_warmup=false        | 2 | is not there for task CAUSAL_LM",
                "model.pooling=last               | 2 | is for classes and numbers",
                "evaluate.metrics=[\"accuracy\"]  | 2 | does not fit CAUSAL_LM",
                "adapter.modules_to_save=[\"lm_head\"] | 2 | A-SAVED",
                "model.config={\"hidden_act\": \"relu\"} | 3 | hidden_act"
            })
    void whatCannotBeIsRefusedByName(String setting, int status, String essence)
            throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", write("llama").toString(), "--set", setting);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains(essence);
    }

    @Test
    void aHeadThatIsNeitherThereNorTiedIsRefused() throws IOException {
        Path pipeline = write("llama");
        TinyModel.drop(folder.resolve("model"), "lm_head.weight");
        TinyRuns.Outcome outcome = TinyRuns.execute("validate", pipeline.toString());
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err()).contains("M-TENSOR", "has no lm_head.weight");
    }
}
