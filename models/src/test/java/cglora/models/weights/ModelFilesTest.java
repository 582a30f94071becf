package cglora.models.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Weights in one file or several, read back.
class ModelFilesTest {
    @TempDir Path folder;

    private final TreeMap<String, int[]> shapes = new TreeMap<>();
    private final TreeMap<String, float[]> values = new TreeMap<>();

    private void tensor(String name, int... shape) {
        int size = 1;
        for (int extent : shape) {
            size *= extent;
        }
        var random = new Random(name.hashCode());
        float[] of = new float[size];
        for (int i = 0; i < size; i++) {
            of[i] = (float) random.nextGaussian();
        }
        shapes.put(name, shape);
        values.put(name, of);
    }

    private int write(long shardBytes, FloatFormat format) throws IOException {
        return ModelFiles.write(folder, shardBytes, format, shapes, this::part);
    }

    private void part(String name, int first, int count, float[] target, int offset) {
        System.arraycopy(values.get(name), first, target, offset, count);
    }

    private void requireSame(WeightSource source) {
        assertThat(source.names()).containsExactlyInAnyOrderElementsOf(shapes.keySet());
        shapes.forEach(
                (name, shape) -> {
                    assertThat(source.shape(name)).hasSize(shape.length);
                    assertThat(source.read(name)).as(name).isEqualTo(values.get(name));
                });
    }

    @Test
    void whatFitsIsOneFile() throws IOException {
        tensor("a", 3, 4);
        tensor("b", 5);
        assertThat(write(4 * 17, FloatFormat.F32)).isEqualTo(1);
        assertThat(folder.resolve("model.safetensors.index.json")).doesNotExist();
        try (var file = new Safetensors(folder.resolve("model.safetensors"))) {
            requireSame(file);
        }
    }

    @Test
    void moreIsSeveralFilesWithAnIndex() throws IOException {
        tensor("a", 3, 4);
        tensor("b", 5);
        tensor("c", 100, 2); // larger than a shard
        tensor("d", 1);
        tensor("e", 16);
        assertThat(write(4 * 17, FloatFormat.F32)).isEqualTo(3);
        assertThat(folder.resolve("model.safetensors")).doesNotExist();
        JsonNode index =
                JsonMapper.shared()
                        .readTree(folder.resolve("model.safetensors.index.json").toFile());
        assertThat(index.path("metadata").path("total_size").asLong())
                .isEqualTo(4 * (17 + 200 + 17));
        JsonNode map = index.path("weight_map");
        assertThat(map.path("a").asString()).isEqualTo("model-00001-of-00003.safetensors");
        assertThat(map.path("b").asString()).isEqualTo("model-00001-of-00003.safetensors");
        assertThat(map.path("c").asString()).isEqualTo("model-00002-of-00003.safetensors");
        assertThat(map.path("e").asString()).isEqualTo("model-00003-of-00003.safetensors");
        try (var shards = new ShardedSafetensors(folder.resolve("model.safetensors.index.json"))) {
            requireSame(shards);
        }
    }

    /// The limit is of bytes as they are written.
    @Test
    void halvesTakeHalfTheRoom() throws IOException {
        tensor("a", 8);
        tensor("b", 8);
        assertThat(write(32, FloatFormat.BF16)).isEqualTo(1);
        assertThat(Files.exists(folder.resolve("model.safetensors"))).isTrue();
    }
}
