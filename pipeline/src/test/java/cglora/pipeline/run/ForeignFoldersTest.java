package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Folders of models and adapters that others made: what is not followed in them is refused by
/// name, or told.
class ForeignFoldersTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");

    @TempDir Path folder;

    /// A copy of a committed model with keys of one of its files changed.
    private Path model(String name, String file, String keys) throws IOException {
        Path copy = Files.createDirectories(folder.resolve("model"));
        try (var files = Files.list(MODELS.resolve(name))) {
            for (Path each : files.filter(Files::isRegularFile).toList()) {
                Files.copy(each, copy.resolve(each.getFileName()));
            }
        }
        Path changed = copy.resolve(file);
        var mapper = JsonMapper.shared();
        ObjectNode all =
                Files.exists(changed)
                        ? (ObjectNode) mapper.readTree(changed.toFile())
                        : mapper.createObjectNode();
        Files.writeString(changed, all.setAll((ObjectNode) mapper.readTree(keys)).toString());
        return copy;
    }

    private static void changeTensors(Path model, UnaryOperator<Map<String, TensorData>> change)
            throws IOException {
        Path file = model.resolve("model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        try (var weights = new Safetensors(file)) {
            for (String name : weights.names()) {
                int[] shape = Arrays.stream(weights.shape(name)).mapToInt(e -> (int) e).toArray();
                tensors.put(name, new TensorData(shape, weights.read(name)));
            }
        }
        SafetensorsWriter.write(file, new TreeMap<>(change.apply(tensors)), Map.of("format", "pt"));
    }

    private static TinyRuns.Outcome predict(Path place, Object... more) {
        Object[] all = new Object[more.length + 4];
        all[0] = "predict";
        all[1] = place;
        all[2] = "--text";
        all[3] = "the book";
        System.arraycopy(more, 0, all, 4, more.length);
        return TinyRuns.execute(Arrays.stream(all).map(Object::toString).toArray(String[]::new));
    }

    @Test
    void labelsThatDoNotExcludeOneAnotherAreRefused() throws IOException {
        Path model =
                model("bert", "config.json", "{\"problem_type\": \"multi_label_classification\"}");
        TinyRuns.Outcome outcome = predict(model);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err())
                .contains("M-HEAD", "problem_type is 'multi_label_classification'", "supported:");
    }

    @Test
    void aHeadOfOneOutputGivesANumber() throws IOException {
        Path model =
                model(
                        "bert",
                        "config.json",
                        "{\"id2label\": {\"0\": \"much\"}, \"num_labels\": 1}");
        changeTensors(
                model,
                tensors -> {
                    tensors.computeIfPresent(
                            "classifier.weight",
                            (_, t) ->
                                    new TensorData(
                                            new int[] {1, t.shape()[1]},
                                            Arrays.copyOf(t.values(), t.shape()[1])));
                    tensors.computeIfPresent(
                            "classifier.bias",
                            (_, t) -> new TensorData(new int[] {1}, Arrays.copyOf(t.values(), 1)));
                    return tensors;
                });
        JsonNode answer = JsonMapper.shared().readTree(predict(model, "--json").succeeds().out());
        assertThat(answer.path("prediction").isNumber()).isTrue();
        assertThat(answer.has("label")).isFalse();
    }

    @Test
    void dropoutThatIsNotAppliedIsTold() throws IOException {
        Path model = model("bert", "config.json", "{\"hidden_dropout_prob\": 0.25}");
        assertThat(TinyRuns.execute("inspect", model.toString()).succeeds().out())
                .contains("dropout", "not applied in training here: hidden_dropout_prob 0.25");
        Files.delete(model.resolve("config.json"));
        Files.copy(MODELS.resolve("bert/config.json"), model.resolve("config.json"));
        assertThat(TinyRuns.execute("inspect", model.toString()).succeeds().out())
                .doesNotContain("not applied in training");
    }

    @Test
    void whatGenerationIsNotFollowedInIsTold() throws IOException {
        String keys =
                "{\"repetition_penalty\": 1.3, \"stop_strings\": \"x\", \"guidance_scale\": 1.0,"
                        + " \"suppress_tokens\": [7], \"sequence_bias\": [[[3], 2.5]],"
                        + " \"do_sample\": true, \"temperature\": 0.6}";
        Path model = model("qwen2/causal", "generation_config.json", keys);
        assertThat(predict(model, "--max-tokens", 2).succeeds().err())
                .contains(
                        "how it writes by default is not followed: sequence_bias [[[3],2.5]],"
                                + " stop_strings \"x\"",
                        "for the same: --temperature 0.6 --top-k 50 --top-p 1.0")
                .doesNotContain("repetition", "suppress", "guidance");
    }

    @Test
    void aHeadBesideTiedEmbeddingsAndTensorsLeftAsideAreTold() throws IOException {
        Path model = model("llama-yarn/causal", "config.json", "{}");
        assertThat(predict(model, "--max-tokens", 2).succeeds().err()).doesNotContain("M-TENSOR");
        changeTensors(
                model,
                tensors -> {
                    TensorData words = tensors.get("model.embed_tokens.weight");
                    float[] other = words.values().clone();
                    other[0] += 1;
                    tensors.put("lm_head.weight", new TensorData(words.shape(), other));
                    tensors.put("model.extra.weight", new TensorData(new int[] {1}, new float[1]));
                    return tensors;
                });
        assertThat(predict(model, "--max-tokens", 2).succeeds().err())
                .contains("tie_word_embeddings is true, but lm_head.weight has other values")
                .contains("1 tensors that a llama does not have are ignored: model.extra.weight");
    }

    @Test
    void anAdapterThatTrainsTiedEmbeddingsIsRefused() throws IOException {
        Path model = model("llama-yarn/causal", "config.json", "{}");
        PeftAdapter own = PeftAdapter.read(MODELS.resolve("llama-yarn/causal/adapter"));
        String words = "model.embed_tokens.weight";
        try (var weights = new Safetensors(model.resolve("model.safetensors"))) {
            int[] shape = Arrays.stream(weights.shape(words)).mapToInt(e -> (int) e).toArray();
            Path place = Files.createDirectories(folder.resolve("adapter"));
            new PeftAdapter(
                            own.layers(),
                            Map.of(words, weights.read(words)),
                            Map.of(words, shape),
                            model.toString(),
                            Map.of(PeftAdapter.TASK, "CAUSAL_LM"))
                    .write(place, 0);
            TinyRuns.Outcome outcome = predict(place);
            assertThat(outcome.status()).isEqualTo(3);
            assertThat(outcome.err()).contains("A-CONFIG", words, "merge_and_unload");
        }
    }
}
