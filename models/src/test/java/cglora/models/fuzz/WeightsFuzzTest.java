package cglora.models.fuzz;

import cglora.kernels.error.CgloraException;
import cglora.models.weights.OnnxWeights;
import cglora.models.weights.Safetensors;
import cglora.models.weights.WeightSource;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;

/// Weights that come from anywhere.
@Tag("fuzz")
class WeightsFuzzTest {
    /// Elements beyond which a tensor is not read: its file is as large.
    private static final long LARGEST = 1 << 20;

    @FuzzTest(maxDuration = "24h")
    void safetensors(byte[] input) {
        Fuzzed.read(
                "model.safetensors",
                input,
                file -> {
                    try (var weights = new Safetensors(file)) {
                        readAll(weights);
                    }
                });
    }

    @FuzzTest(maxDuration = "24h")
    void onnx(byte[] input) {
        Fuzzed.read(
                "model.onnx",
                input,
                file -> {
                    try (var weights =
                            new OnnxWeights(() -> Files.newInputStream(file), file.toString())) {
                        weights.attentionHeads(384);
                        readAll(weights);
                    }
                });
    }

    private static void readAll(WeightSource weights) {
        for (String name : weights.names()) {
            long elements = 1;
            for (long extent : weights.shape(name)) {
                elements = Math.multiplyExact(elements, extent);
            }
            if (elements <= LARGEST) {
                try {
                    weights.read(name, new float[(int) elements], 0);
                } catch (CgloraException _) {
                    continue; // such as values that are not finite
                }
            }
        }
    }
}
