package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.family.PretrainedModel;
import cglora.models.generation.Sampling;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Directories whose files are unusual are what they are to transformers: the small models with a
/// key or a tensor changed, as `scripts/peers/loading_variants.py` changes them and writes down
/// what comes of it.
class LoadingVariantsTest {
    private static final JsonNode ALL =
            JsonMapper.shared().readTree(PeerReference.FOLDER.resolve("variants.json").toFile());

    @TempDir Path folder;

    static Stream<Arguments> variants() {
        return ALL.path("variants").properties().stream()
                .map(variant -> Arguments.of(variant.getKey(), variant.getValue()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void isWhatItIsToTransformers(String name, JsonNode variant) throws IOException {
        write(variant);
        try (var model = PretrainedModel.load(folder.toString(), Map.of());
                Tokenizer tokenizer = model.tokenizer(null)) {
            JsonNode expected = variant.path("expected");
            switch (variant.path("kind").asString()) {
                case "logits" -> checkLogits(model, tokenizer, expected);
                case "causal" -> checkTokens(continued(model, tokenizer), expected);
                case "seq2seq" -> checkTokens(answered(variant, model, tokenizer), expected);
                default -> {
                    var found = new ArrayList<int[]>();
                    for (String text : texts("spelled")) {
                        found.add(tokenizer.encode(text, null, 1000).inputIds());
                    }
                    checkTokens(found, expected);
                }
            }
        }
    }

    private static List<String> texts(String key) {
        return ALL.path(key).valueStream().map(JsonNode::asString).toList();
    }

    private void write(JsonNode variant) throws IOException {
        Path base = PeerReference.FOLDER.resolve(variant.path("base").asString());
        try (var files = Files.list(base)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        change("config.json", (ObjectNode) variant.path("config"));
        ObjectNode config = read("config.json");
        variant.path("without").forEach(key -> config.remove(key.asString()));
        Files.writeString(folder.resolve("config.json"), config.toString());
        for (var file : variant.path("files").properties()) {
            if (!file.getKey().equals("tokenizer_config.json")) {
                Files.writeString(folder.resolve(file.getKey()), "{}");
            }
            change(file.getKey(), (ObjectNode) file.getValue());
        }
        if (!variant.path("head").isNull()) {
            addHead(variant.path("head").asString().equals("rolled") ? 1 : 0);
        }
    }

    private ObjectNode read(String file) {
        return (ObjectNode) JsonMapper.shared().readTree(folder.resolve(file).toFile());
    }

    private void change(String file, ObjectNode keys) throws IOException {
        Files.writeString(folder.resolve(file), read(file).setAll(keys).toString());
    }

    /// A head of the rows of the embeddings, each `rolled` places further down.
    private void addHead(int rolled) throws IOException {
        Path file = folder.resolve("model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        try (var weights = new Safetensors(file)) {
            for (String name : weights.names()) {
                long[] shape = weights.shape(name);
                int[] extents = new int[shape.length];
                for (int i = 0; i < extents.length; i++) {
                    extents[i] = (int) shape[i];
                }
                tensors.put(name, new TensorData(extents, weights.read(name)));
            }
        }
        TensorData table =
                tensors.getOrDefault("shared.weight", tensors.get("model.embed_tokens.weight"));
        int rows = table.shape()[0];
        int width = table.shape()[1];
        float[] head = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(
                    table.values(), row * width, head, (row + rolled) % rows * width, width);
        }
        tensors.put("lm_head.weight", new TensorData(table.shape(), head));
        SafetensorsWriter.write(file, tensors, Map.of("format", "pt"));
    }

    private static void checkLogits(PretrainedModel model, Tokenizer tokenizer, JsonNode expected) {
        boolean forward = model.encoder().readsForward();
        var pooling = forward ? Pooling.LAST : model.hasPooler() ? Pooling.POOLER : Pooling.CLS;
        var labels = new Labels(List.copyOf(model.id2label().values()), false);
        var classifier = new SequenceClassifier(model.encoder(), pooling, labels);
        int longest = model.encoder().maxPositions();
        var example = new RawExample(ALL.path("text").asString(), null, null, 1);
        Dataset data = Dataset.of(List.of(example), tokenizer, null, longest, "text");
        try (var session = new Session(new JvmEngine(1), classifier, model, false)) {
            List<Batch> batches =
                    new Batcher(1, new int[] {longest}, model.padTokenId()).sequential(data);
            float[] logits = session.evaluator().evaluate(batches, 1).logits()[0];
            assertThat(logits).hasSize(expected.size());
            for (int i = 0; i < logits.length; i++) {
                assertThat(logits[i]).isCloseTo(expected.get(i).floatValue(), within(1e-5f));
            }
        }
    }

    private static void checkTokens(List<int[]> found, JsonNode expected) {
        assertThat(found).hasSize(expected.size());
        for (int i = 0; i < found.size(); i++) {
            assertThat(found.get(i))
                    .containsExactly(
                            expected.get(i).valueStream().mapToInt(JsonNode::asInt).toArray());
        }
    }

    private static List<int[]> prompts(Tokenizer tokenizer) {
        return texts("prompts").stream()
                .map(prompt -> tokenizer.encode(prompt, null, 1000).inputIds())
                .toList();
    }

    private static List<int[]> continued(PretrainedModel model, Tokenizer tokenizer) {
        var options =
                new CausalGenerator.Options(
                        ALL.path("new_tokens").asInt(),
                        new HashSet<>(model.endTokenIds()),
                        Sampling.GREEDY,
                        0,
                        model.tokenRules());
        var task = new CausalLanguageModel(model.causalDecoder());
        List<int[]> prompts = prompts(tokenizer);
        try (var session = new Session(new JvmEngine(1), task, model, false);
                var generator =
                        new CausalGenerator(session, prompts.size(), 24, model.padTokenId())) {
            return generator.write(prompts, options);
        }
    }

    private static List<int[]> answered(
            JsonNode variant, PretrainedModel model, Tokenizer tokenizer) {
        JsonNode generation = variant.path("files").path("generation_config.json");
        var examples =
                texts("prompts").stream().map(t -> new RawExample(t, null, null, 1)).toList();
        Dataset data = Dataset.of(examples, tokenizer, null, 1000, "prompts");
        Batch batch =
                new Batcher(examples.size(), new int[] {24}, model.padTokenId())
                        .sequential(data)
                        .getFirst();
        var options =
                new Seq2SeqGenerator.Options(
                        batch.rows(),
                        batch.width(),
                        ALL.path("new_tokens").asInt(),
                        generation.path("num_beams").asInt(1),
                        model.lengthPenalty(),
                        model.stopsEarly(),
                        model.tokenRules());
        var task = new Seq2Seq(model.encoderDecoder());
        try (var session = new Session(new JvmEngine(1), task, model, false);
                var generator = new Seq2SeqGenerator(session, options)) {
            List<int[]> found = generator.generate(batch);
            var inOrder = new int[found.size()][];
            for (int row = 0; row < found.size(); row++) {
                inOrder[batch.examples()[row]] = found.get(row);
            }
            return List.of(inOrder);
        }
    }
}
