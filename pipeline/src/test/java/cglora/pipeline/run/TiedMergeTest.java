package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Adapters that hold one of two modules which their base ties, as PEFT writes them for
/// `modules_to_save`: merged, both are in the file, and the configuration says so.
class TiedMergeTest {
    private static final Path BASE =
            Path.of("../models/src/test/resources/cglora/models/family/qwen3/causal");
    private static final String WORDS = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    @TempDir Path folder;
    private Path run;

    @BeforeEach
    void train() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        try (var files = Files.list(BASE)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(
                folder.resolve("p.json"),
                """
                {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
                  {"stage": "model", "path": "model", "task": "CAUSAL_LM"},
                  {"stage": "data", "train": "train.tsv", "max_length": 20,
                   "max_target_length": 6, "source_template": "{text}:"},
                  {"stage": "adapter", "method": "lora", "r": 2, "target_modules": "all-linear"},
                  {"stage": "train", "max_steps": 4, "per_device_batch_size": 4,
                   "learning_rate": 0.05},
                  {"stage": "export"}]}
                """);
        TinyRuns.done("run", folder.resolve("p.json"));
        run = folder.resolve("runs/latest");
    }

    private static JsonNode config(Path model) {
        return JsonMapper.shared().readTree(model.resolve("config.json").toFile());
    }

    /// The run's adapter, which holds a trained copy of a module besides.
    private Path withSaved(String name, float[] values) throws IOException {
        PeftAdapter trained = PeftAdapter.read(run.resolve("adapter"));
        var saved = new LinkedHashMap<>(trained.saved());
        var shapes = new LinkedHashMap<>(trained.shapes());
        JsonNode config = config(BASE);
        saved.put(name, values);
        shapes.put(
                name,
                new int[] {config.path("vocab_size").asInt(), config.path("hidden_size").asInt()});
        Path place = Files.createDirectories(folder.resolve("foreign"));
        new PeftAdapter(trained.layers(), saved, shapes, trained.base(), trained.metadata())
                .write(place, 0);
        return place;
    }

    private static float[] words(Path model) {
        try (var file = new Safetensors(model.resolve("model.safetensors"))) {
            return file.read(WORDS);
        }
    }

    private static JsonNode answer(Path place) {
        TinyRuns.Outcome outcome =
                TinyRuns.done(
                        "predict",
                        place,
                        "--json",
                        "--logprobs",
                        "--max-tokens",
                        6,
                        "--text",
                        "a film");
        return JsonMapper.shared().readTree(outcome.out());
    }

    /// How far the likelihoods of two answers are from one another; without end where the tokens
    /// are others.
    private static double distance(JsonNode one, JsonNode other) {
        if (!one.path("tokens").equals(other.path("tokens"))) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        for (int i = 0; i < one.path("logprobs").size(); i++) {
            double difference =
                    one.path("logprobs").get(i).asDouble()
                            - other.path("logprobs").get(i).asDouble();
            largest = Math.max(largest, Math.abs(difference));
        }
        return largest;
    }

    @ParameterizedTest
    @CsvSource({HEAD + "," + WORDS, WORDS + "," + HEAD})
    void oneSideThatWasTrainedIsUntiedFromTheOther(String side, String other) throws IOException {
        assertThat(config(BASE).path("tie_word_embeddings").asBoolean()).isTrue();
        float[] base = words(BASE);
        float[] changed = base.clone();
        for (int i = 0; i < changed.length; i++) {
            changed[i] = -changed[i] + 0.01f * (i % 7);
        }
        Path adapter = withSaved(side, changed);
        JsonNode adapted = answer(adapter);
        assertThat(distance(adapted, answer(run))).isGreaterThan(0.01);
        Path target = folder.resolve("merged");
        assertThat(TinyRuns.done("merge", adapter, "-o", target).out())
                .contains("verified: reloaded, logits differ by");
        try (var merged = new Safetensors(target.resolve("model.safetensors"))) {
            assertThat(merged.read(side)).isEqualTo(changed);
            assertThat(merged.read(other)).isEqualTo(base);
        }
        assertThat(config(target).path("tie_word_embeddings").asBoolean(true)).isFalse();
        assertThat(distance(answer(target), adapted)).isLessThan(1e-5);
        assertThat(words(folder.resolve("model"))).isEqualTo(base);
    }

    @Test
    void withoutSuchASideBothStayTied() {
        Path target = folder.resolve("merged");
        TinyRuns.done("merge", run, "-o", target);
        assertThat(config(target).path("tie_word_embeddings").asBoolean()).isTrue();
        try (var merged = new Safetensors(target.resolve("model.safetensors"))) {
            assertThat(merged.names()).contains(WORDS).doesNotContain(HEAD);
        }
    }

    /// PEFT trains both as one then, and writes one of them: which, its file does not say.
    @Test
    void aPairThatPeftHasTiedAgainIsRefused() throws IOException {
        Path adapter = withSaved(HEAD, words(BASE));
        Path file = adapter.resolve("adapter_config.json");
        var config = (ObjectNode) JsonMapper.shared().readTree(file.toFile());
        config.put("ensure_weight_tying", true);
        Files.writeString(file, config.toString());
        byte[] before = Files.readAllBytes(adapter.resolve("adapter_model.safetensors"));
        Path target = folder.resolve("merged");
        TinyRuns.Outcome outcome =
                TinyRuns.execute("merge", adapter.toString(), "-o", target.toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-CONFIG", "ensure_weight_tying", "lm_head");
        assertThat(target).doesNotExist();
        assertThat(
                        Arrays.equals(
                                before,
                                Files.readAllBytes(adapter.resolve("adapter_model.safetensors"))))
                .isTrue();
        assertThat(List.of(folder.resolve("merged.tmp"))).noneMatch(Files::exists);
    }
}
