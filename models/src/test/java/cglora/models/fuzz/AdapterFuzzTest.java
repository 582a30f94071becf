package cglora.models.fuzz;

import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// An adapter's configuration that comes from anywhere, beside the weights of one module and a
/// head.
@Tag("fuzz")
class AdapterFuzzTest {
    private static final String PREFIX = "base_model.model.";

    @FuzzTest(maxDuration = "24h")
    void config(byte[] input) {
        Fuzzed.read(
                PeftAdapter.CONFIG,
                input,
                file -> {
                    Path weights = file.resolveSibling(PeftAdapter.WEIGHTS);
                    try {
                        var tensors = new TreeMap<String, TensorData>();
                        put(tensors, "bert.query.lora_A.weight", 8, 3);
                        put(tensors, "bert.query.lora_B.weight", 2, 8);
                        put(tensors, "classifier.weight", 2, 3);
                        SafetensorsWriter.write(weights, tensors, Map.of("format", "pt"));
                        PeftAdapter.read(file.getParent());
                    } finally {
                        Files.deleteIfExists(weights);
                    }
                });
    }

    private static void put(Map<String, TensorData> tensors, String name, int rows, int columns) {
        tensors.put(
                PREFIX + name,
                new TensorData(new int[] {rows, columns}, new float[rows * columns]));
    }
}
