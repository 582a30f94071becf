package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Models that give each word a tag, through whole pipelines.
class TaggingRunTest {
    @TempDir Path folder;

    private static double metric(String table, String state, String name) {
        return table.lines()
                .filter(line -> line.startsWith(state))
                .map(line -> line.replaceAll(".* " + name + " (\\S+).*", "$1"))
                .mapToDouble(Double::parseDouble)
                .findFirst()
                .orElseThrow();
    }

    /// PEFT would ask an adapter of a tagger for its head, and a shift of the base has none.
    @Test
    void theShiftOfTheBaseHasNoTask() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        TinyRuns.done("init", pipeline, "--engine", "jvm", "--set", "adapter.method=pissa");
        Path run = folder.resolve("runs/latest");
        JsonNode shift =
                TaggedSentences.json(run.resolve("base_shift").resolve(PeftAdapter.CONFIG));
        assertThat(shift.get("task_type").isNull()).isTrue();
        JsonNode adapter = TaggedSentences.json(run.resolve("adapter").resolve(PeftAdapter.CONFIG));
        assertThat(adapter.get("task_type").asString()).isEqualTo("TOKEN_CLS");
    }

    /// What an earlier tagger said of these data it says again, in a run that has none of its own.
    @ParameterizedTest
    @ValueSource(strings = {"cg-lora", "full"})
    void anEarlierTaggerIsMeasured(String method) throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        TinyRuns.done("run", pipeline, "--engine", "jvm", "--set", "adapter.method=" + method);
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
        JsonNode then =
                TaggedSentences.json(first.resolve("metrics.json"))
                        .path("after training, validation");
        JsonNode now =
                TaggedSentences.json(folder.resolve("runs/latest/metrics.json"))
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
                "distilbert  | 12 | classifier | classifier.weight",
                "electra     | 13 | classifier | classifier.weight",
                "qwen3       | 14 | score      | score.weight"
            })
    void anAdapterIsTrainedExportedReloadedAndTags(
            String family, int layers, String saved, String head) throws IOException {
        Path pipeline = TaggedSentences.write(folder, family);
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
        JsonNode config = TaggedSentences.json(adapter.resolve(PeftAdapter.CONFIG));
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
                        TaggedSentences.write(folder, "tiny"),
                        "--set",
                        "train.max_steps=80",
                        "--set",
                        "train.learning_rate=0.01");
        assertThat(metric(run.out(), "after training", "f1")).isGreaterThan(0.9);
        Path latest = folder.resolve("runs/latest");
        JsonNode entities = TaggedSentences.json(latest.resolve("metrics.json")).path("entities");
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

    @ParameterizedTest
    @CsvSource({
        "tiny, BertForTokenClassification",
        "roberta, RobertaForTokenClassification",
        "qwen2, Qwen2ForTokenClassification"
    })
    void aWholeModelIsADirectoryOfItsClass(String family, String name) throws IOException {
        Path pipeline = TaggedSentences.write(folder, family);
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline, "--set", "adapter.method=full");
        assertThat(run.err()).contains("verified: reloaded, logits differ by");
        Path model = folder.resolve("runs/latest/model");
        JsonNode config = TaggedSentences.json(model.resolve("config.json"));
        assertThat(config.path("architectures").get(0).asString()).isEqualTo(name);
        assertThat(config.path("id2label").path("0").asString()).isEqualTo("B-NEW");
        assertThat(config.has("problem_type")).isFalse();
        assertThat(TinyRuns.done("predict", model, "--text", "old film").out())
                .matches("old\t\\S+\nfilm\t\\S+\n\n");
        // its head is kept, and is none for sequences
        TinyRuns.Outcome again =
                TinyRuns.done(
                        "run",
                        pipeline,
                        "--set",
                        "model.path=" + model,
                        "--set",
                        "model.head=auto",
                        "--set",
                        "adapter.head_warmup=\"auto\"");
        assertThat(again.out()).contains("before training");
        TinyRuns.Outcome sequences =
                TinyRuns.execute(
                        "validate",
                        pipeline.toString(),
                        "--set",
                        "model.path=" + model,
                        "--set",
                        "model.task=SEQ_CLS");
        assertThat(sequences.err()).contains("D-COLUMN").doesNotContain("M-HEAD");
    }

    @Test
    void anAdapterIsMergedAndStartsAnotherRun() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        TinyRuns.done("run", pipeline);
        Path adapter = folder.resolve("runs/latest/adapter");
        Path merged = folder.resolve("merged");
        assertThat(
                        TinyRuns.done("merge", adapter, "-o", merged).err()
                                + TinyRuns.done("inspect", merged).out())
                .contains("5 outputs [B-NEW, B-OLD, I-NEW, I-OLD, O]");
        Object[] text = {"--json", "--text", "the very old book"};
        assertThat(scores(merged, text)).isEqualTo(scores(adapter, text));
        Path again =
                Files.writeString(
                        folder.resolve("again.json"),
                        TaggedSentences.PIPELINE.replaceAll(
                                "(?s)\\{\"stage\": \"calibrate\".*?\"examples\": 12\\}\\},",
                                "{\"stage\": \"adapter\", \"from\": \"runs/latest/adapter\"},"));
        assertThat(TinyRuns.done("run", again).err()).contains("12 modules and the head");
    }

    /// Tags, and probabilities to three digits.
    private static String scores(Path place, Object... how) {
        JsonNode answer =
                JsonMapper.shared().readTree(TinyRuns.done(concat("predict", place, how)).out());
        var text = new StringBuilder();
        for (int i = 0; i < answer.path("tags").size(); i++) {
            text.append(answer.path("tags").get(i).asString());
            text.append(" %.3f, ".formatted(answer.path("scores").get(i).asDouble()));
        }
        return text.toString();
    }

    private static Object[] concat(String verb, Path place, Object... more) {
        var all = new ArrayList<Object>(List.of(verb, place));
        all.addAll(List.of(more));
        return all.toArray();
    }

    /// JSONL and CoNLL in, JSON out; what a sentence has beyond the longest has no tag.
    @Test
    void theExampleRuns() throws IOException {
        TaggedSentences.write(folder, "tiny");
        Path example =
                Path.of(System.getProperty("cglora.root"))
                        .resolve("pipeline/examples/recipes-tags.json");
        TinyRuns.Outcome run =
                TinyRuns.done(
                        "run",
                        example,
                        "--var",
                        "model=" + folder.resolve("model"),
                        "--var",
                        "tokenizer=null",
                        "--set",
                        "data.max_length=16",
                        "--set",
                        "train.max_steps=3",
                        "--set",
                        "output_dir=" + folder.resolve("runs"));
        assertThat(run.err()).contains("train 54  validation 18", "7 tags");
        JsonNode entities =
                TaggedSentences.json(folder.resolve("runs/latest/metrics.json"))
                        .path("entities")
                        .get(0);
        assertThat(
                        entities.path("types")
                                .valueStream()
                                .map(t -> t.path("type").asString())
                                .toList())
                .containsExactly("AMOUNT", "FOOD", "TIME");
    }
}
