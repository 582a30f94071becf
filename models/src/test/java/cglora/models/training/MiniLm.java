package cglora.models.training;

import static org.junit.jupiter.api.Assumptions.abort;

import cglora.models.block.LoraLayer;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The real model that tests run on, and its reference values.
final class MiniLm {
    static final String MODEL = "classpath:all-minilm-l6-v2.onnx";
    static final String TOKENIZER = "classpath:all-minilm-l6-v2-tokenizer.json";

    private MiniLm() {}

    static PretrainedModel load() {
        return PretrainedModel.load(MODEL, Map.of());
    }

    static SequenceClassifier classifier(PretrainedModel model) {
        return new SequenceClassifier(
                model.encoder(), Pooling.MEAN, new Labels(List.of("0", "1"), false));
    }

    /// Puts LoRA of rank 8 on all 36 linear layers, as a training step will find it.
    static void adapt(Session session) {
        session.addAdapters(
                session.model().linearModules().stream()
                        .map(module -> new LoraLayer(module, 8, 2f, 0f, false))
                        .toList());
        new TrainingStep(session);
    }

    /// A test for every JSON file below the folder of the system property `cglora.fixtures` that
    /// has these keys; without any, one test that is reported as skipped.
    static List<DynamicTest> forEachFixture(Consumer<JsonNode> test, String... keys) {
        Path folder = Path.of(System.getProperty("cglora.fixtures", "../shared/fixtures"));
        var tests = new ArrayList<DynamicTest>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                    JsonNode json = JsonMapper.shared().readTree(file.toFile());
                    if (json.isObject() && Stream.of(keys).allMatch(json::has)) {
                        String name = folder.relativize(file).toString();
                        tests.add(DynamicTest.dynamicTest(name, () -> test.accept(json)));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        String reason = "skipped: no reference values of MiniLM below " + folder;
        return tests.isEmpty()
                ? List.of(DynamicTest.dynamicTest(reason, () -> abort(reason)))
                : tests;
    }

    static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asInt();
        }
        return values;
    }
}
