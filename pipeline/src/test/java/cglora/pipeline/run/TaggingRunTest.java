package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Models that give each word a tag, through whole pipelines.
class TaggingRunTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "TOKEN_CLS", "head": "new"},
              {"stage": "data", "train": "train.jsonl", "validation_split": 0.25, "max_length": 16},
              {"stage": "calibrate", "samples": 12, "step_samples": 6},
              {"stage": "adapter", "r": 2, "lora_alpha": 4, "target_modules": "all-linear",
               "head_warmup": {"examples": 12}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private Path write(String family) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        if (family.equals("tiny")) {
            TinyModel.write(model, 5, 0);
        } else {
            for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
                Files.copy(MODELS.resolve(family).resolve(name), model.resolve(name));
            }
        }
        Files.writeString(folder.resolve("train.jsonl"), jsonl());
        return Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    /// Sentences in which an age with its thing is an entity, by the age.
    private static List<Map<String, List<String>>> sentences() {
        var all = new java.util.ArrayList<Map<String, List<String>>>();
        for (String article : List.of("a", "the", "a very", "the very", "a good", "the bad")) {
            for (String thing : List.of("film", "book")) {
                for (String age : List.of("old", "new", "")) {
                    var words = new java.util.ArrayList<>(List.of(article.split(" ")));
                    var tags = new java.util.ArrayList<String>();
                    words.forEach(_ -> tags.add("O"));
                    if (!age.isEmpty()) {
                        words.add(age);
                        tags.add("B-" + age.toUpperCase());
                    }
                    words.add(thing);
                    tags.add(age.isEmpty() ? "O" : "I-" + age.toUpperCase());
                    all.add(Map.of("tokens", words, "ner_tags", tags));
                }
            }
        }
        return all;
    }

    private static String jsonl() {
        var text = new StringBuilder();
        sentences()
                .forEach(
                        row ->
                                text.append(JsonMapper.shared().writeValueAsString(row))
                                        .append("\n"));
        return text.toString();
    }

    private static JsonNode json(Path file) {
        return JsonMapper.shared().readTree(file.toFile());
    }

    private static double metric(String table, String state, String name) {
        return table.lines()
                .filter(line -> line.startsWith(state))
                .map(line -> line.replaceAll(".* " + name + " (\\S+).*", "$1"))
                .mapToDouble(Double::parseDouble)
                .findFirst()
                .orElseThrow();
    }

    /// What an earlier tagger said of these data it says again, in a run that has none of its own.
    @Test
    void anEarlierTaggerIsMeasured() throws IOException {
        Path pipeline = write("tiny");
        TinyRuns.done("run", pipeline, "--engine", "jvm");
        Path first = folder.resolve("runs/latest").toRealPath();
        Files.writeString(
                pipeline,
                Files.readString(pipeline)
                        .replace(
                                "{\"stage\": \"evaluate\"}",
                                "{\"stage\": \"evaluate\", \"from\": \"%s\"}".formatted(first)));
        TinyRuns.done(
                "run",
                pipeline,
                "--engine",
                "jvm",
                "--skip",
                "calibrate",
                "--skip",
                "adapter",
                "--skip",
                "train",
                "--skip",
                "export");
        JsonNode then = json(first.resolve("metrics.json")).path("after training, validation");
        JsonNode now =
                json(folder.resolve("runs/latest/metrics.json"))
                        .path("of " + RunReport.relative(first) + ", validation");
        assertThat(then.isMissingNode()).isFalse();
        assertThat(now.path("loss").asDouble())
                .isCloseTo(then.path("loss").asDouble(), within(1e-5));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tiny        | 12 | classifier | classifier.weight",
                "roberta     | 12 | classifier | classifier.weight",
                "xlm-roberta | 6  | classifier | classifier.weight",
                "distilbert  | 12 | classifier | classifier.weight",
                "electra     | 13 | classifier | classifier.weight",
                "llama       | 14 | score      | score.weight",
                "qwen3       | 14 | score      | score.weight"
            })
    void anAdapterIsTrainedExportedReloadedAndTags(
            String family, int layers, String saved, String head) throws IOException {
        Path pipeline = write(family);
        assertThat(TinyRuns.done("validate", pipeline).err()).doesNotContain("error");
        assertThat(TinyRuns.done("plan", pipeline).out()).contains("MiB");
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline);
        assertThat(run.err())
                .contains(
                        layers + " modules",
                        "5 tags",
                        "head       warm",
                        "verified: reloaded on the original base");
        assertThat(run.out()).contains("head only", "token_accuracy", "precision", "recall", "f1");
        Path adapter = folder.resolve("runs/latest/adapter");
        PeftAdapter read = PeftAdapter.read(adapter);
        assertThat(read.layers()).hasSize(layers);
        assertThat(read.shapes().get(head)).containsExactly(5, saved.equals("score") ? 16 : 12);
        JsonNode config = json(adapter.resolve(PeftAdapter.CONFIG));
        assertThat(config.path("modules_to_save").valueStream().map(JsonNode::asString).toList())
                .containsExactly(saved);
        assertThat(config.path("task_type").asString()).isEqualTo("TOKEN_CLS");
        String answer = TinyRuns.done("predict", adapter, "--text", "a very old film").out();
        assertThat(answer.lines().map(line -> line.split("\t")[0]).toList())
                .containsExactly("a", "very", "old", "film", "");
        assertThat(answer.lines().limit(4))
                .allMatch(line -> line.matches("\\S+\t(O|[BI]-(OLD|NEW))"));
    }

    @Test
    void enoughStepsTeachItToFindTheEntities() throws IOException {
        TinyRuns.Outcome run =
                TinyRuns.done(
                        "run",
                        write("tiny"),
                        "--set",
                        "train.max_steps=80",
                        "--set",
                        "train.learning_rate=0.01");
        assertThat(metric(run.out(), "after training", "f1")).isGreaterThan(0.9);
        Path latest = folder.resolve("runs/latest");
        JsonNode entities = json(latest.resolve("metrics.json")).path("entities");
        JsonNode last = entities.get(entities.size() - 1);
        assertThat(last.path("state").asString()).isEqualTo("after training, validation");
        assertThat(last.path("types").valueStream().map(t -> t.path("type").asString()).toList())
                .containsExactly("NEW", "OLD");
        JsonNode answer =
                JsonMapper.shared()
                        .readTree(
                                TinyRuns.done(
                                                "predict",
                                                latest,
                                                "--json",
                                                "--text",
                                                "the very old book")
                                        .out());
        assertThat(answer.path("tags").valueStream().map(JsonNode::asString).toList())
                .containsExactly("O", "O", "B-OLD", "I-OLD");
        assertThat(answer.path("entities").toString())
                .isEqualTo("[{\"type\":\"OLD\",\"first\":2,\"last\":3,\"words\":\"old book\"}]");
        assertThat(answer.path("scores").get(2).asDouble()).isBetween(0.5, 1.0);
    }
}
