package cglora.models.training;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    /// A reference file of the fixtures' folder; skips the test, visibly, where it is absent.
    static JsonNode fixture(String name) {
        Path file =
                Path.of(System.getProperty("cglora.fixtures", "../shared/fixtures"))
                        .resolve("minilm")
                        .resolve(name);
        assumeTrue(Files.isRegularFile(file), "skipped: no reference values at " + file);
        return JsonMapper.shared().readTree(file.toFile());
    }

    static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asInt();
        }
        return values;
    }
}
