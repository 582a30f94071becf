package cglora.models.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
    @TempDir Path folder;

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        var bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        return Files.write(folder.resolve("t.safetensors"), bytes.array());
    }

    /// Values of the formats: exact ones, ties between two neighbours, and what is not finite.
    @ParameterizedTest
    @CsvSource({
        "F16,  1.5,            3e00",
        "F16,  1.00048828125,  3c00", // half way from 1 to 1 + 2^-10: to the even one
        "F16,  1.00146484375,  3c02",
        "F16,  70000,          7c00",
        "BF16, -2.0,           c000",
        "BF16, 1.00390625,     3f80", // half way from 1 to 1 + 2^-7
        "BF16, 1.01171875,     3f82",
        "BF16, 3.4028235e38,   7f80",
        "BF16, NaN,            7fc0"
    })
    void halfWidthsAreRoundedToTheNearest(FloatFormat format, float value, String bits)
            throws IOException {
        Path file = folder.resolve("half.safetensors");
        var shapes = new TreeMap<>(Map.of("a", new int[] {1}));
        SafetensorsWriter.write(file, format, shapes, _ -> new float[] {value}, Map.of());
        byte[] bytes = Files.readAllBytes(file);
        int last = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(bytes.length - 2);
        assertThat("%04x".formatted(last & 0xffff)).isEqualTo(bits);
        float rounded = format.round(value);
        try (var read = new Safetensors(file)) {
            assertThat(read.dtype("a")).isEqualTo(format.name());
            if (Float.isFinite(rounded)) { // readers refuse what is not
                assertThat(read.read("a")).containsExactly(rounded);
            }
        }
    }

    /// A tensor of more elements than are mapped at a time, and any part of it.
    @ParameterizedTest
    @EnumSource(FloatFormat.class)
    void partsAreThoseOfTheWhole(FloatFormat format) throws IOException {
        Path file = folder.resolve("large.safetensors");
        var values = new float[2_300_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = format.round(i % 1999 - 999);
        }
        SafetensorsWriter.write(
                file,
                format,
                new TreeMap<>(Map.of("a", new int[] {3}, "b", new int[] {values.length})),
                name -> name.equals("a") ? new float[3] : values,
                Map.of());
        try (var read = new Safetensors(file)) {
            assertThat(read.read("b")).isEqualTo(values);
            for (int[] part :
                    new int[][] {{0, 1}, {1_048_575, 2}, {5, 1_500_000}, {2_300_000, 1}}) {
                var target = new float[part[1] + 2];
                read.read("b", part[0], part[1], target, 1);
                assertThat(Arrays.copyOfRange(target, 1, part[1] + 1))
                        .isEqualTo(Arrays.copyOfRange(values, part[0], part[0] + part[1]));
                assertThat(target[0] + target[part[1] + 1]).isZero();
            }
        }
    }

    @Test
    void whatIsWrittenIsReadAndTheSameBytesComeTwice() throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        tensors.put("b", new TensorData(new int[] {2, 2}, new float[] {1, -2.5f, 0, 4}));
        tensors.put("a", new TensorData(new int[] {}, new float[] {7}));
        tensors.put("empty", new TensorData(new int[] {0, 3}, new float[0]));
        Path first = folder.resolve("1.safetensors");
        Path second = folder.resolve("2.safetensors");
        SafetensorsWriter.write(first, tensors, Map.of("format", "pt"));
        SafetensorsWriter.write(second, tensors, Map.of("format", "pt"));
        assertThat(Files.readAllBytes(first)).isEqualTo(Files.readAllBytes(second));
        try (var read = new Safetensors(first)) {
            assertThat(read.names()).containsExactlyInAnyOrder("a", "b", "empty");
            assertThat(read.metadata()).containsEntry("format", "pt");
            assertThat(read.shape("b")).containsExactly(2, 2);
            assertThat(read.read("b")).containsExactly(1, -2.5f, 0, 4);
            assertThat(read.read("a")).containsExactly(7);
        }
        try (var files = Files.list(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("1.safetensors", "2.safetensors");
        }
    }

    @Test
    void halfPrecisionIsWidenedExactly() throws IOException {
        String header =
                "{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[4,8]}}";
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        var bytes = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        bytes.putShort(Float.floatToFloat16(1.5f)).putShort(Float.floatToFloat16(-6e-8f));
        bytes.putShort((short) 0x3FC0).putShort((short) 0xC000);
        Path path = Files.write(folder.resolve("half.safetensors"), bytes.array());
        try (var read = new Safetensors(path)) {
            assertThat(read.read("h")).containsExactly(1.5f, Float.float16ToFloat((short) 0x8001));
            assertThat(read.read("b")).containsExactly(1.5f, -2f);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 4 | S-TRUNCATED | take 8 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 12 | S-TRUNCATED | has 12",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | 8 | S-LAYOUT | takes 12",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | 8 | S-LAYOUT | hole",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | 4 | S-LAYOUT | overlap",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | 4 | S-LAYOUT | twice",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}} | 8 | S-LAYOUT | overflows",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}} | 4 | S-HEADER | negative",
                "{\"a\":{\"dtype\":\"Q4\",\"shape\":[1],\"data_offsets\":[0,4]}} | 4 | S-DTYPE | Q4",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}} | 4 | S- | a",
                "{\"__metadata__\":{\"k\":1}} | 0 | S-HEADER | __metadata__",
                "[1,2] | 0 | S-HEADER | begin with",
                "{\"a\": | 0 | S-HEADER | not JSON",
                "{\"a\":{\"shape\":{\"x\":{\"y\":{\"z\":{\"x\":{\"y\":{\"z\":{\"x\":{}}}}}}}}}} | 0 | S-HEADER | not JSON"
            })
    void aDamagedHeaderIsNamed(String header, int bytes, String code, String essence)
            throws IOException {
        Path path = file(header.strip(), bytes);
        var error =
                catchThrowableOfType(CgloraException.class, () -> new Safetensors(path).close());
        assertThat(error).isNotNull();
        assertThat(error.getMessage()).contains(code.strip(), essence.strip());
        assertThat(error.exitStatus()).isEqualTo(3);
    }

    @Test
    void pointersShortFilesAndHugeHeadersAreRefused() throws IOException {
        Path pointer = folder.resolve("p.safetensors");
        Files.writeString(
                pointer,
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 498818054\n");
        assertThat(message(pointer)).contains("S-LFS", "498818054");
        Path small = Files.write(folder.resolve("s.safetensors"), new byte[5]);
        assertThat(message(small)).contains("S-TRUNCATED", "5 bytes");
        var huge = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 60);
        Path big = Files.write(folder.resolve("h.safetensors"), huge.array());
        assertThat(message(big)).contains("S-HEADER", "1152921504606846976");
    }

    @Test
    void notFiniteWeightsAreCounted() throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        tensors.put(
                "w",
                new TensorData(new int[] {3}, new float[] {0, Float.NaN, Float.POSITIVE_INFINITY}));
        Path path = folder.resolve("n.safetensors");
        SafetensorsWriter.write(path, tensors, Map.of());
        try (var read = new Safetensors(path)) {
            var error = catchThrowableOfType(CgloraException.class, () -> read.read("w"));
            assertThat(error.getMessage()).contains("S-NONFINITE", "holds 2", "first at 1");
        }
    }

    @Test
    void randomDamageNeverEndsInAnythingButAMessage() throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        tensors.put("w", new TensorData(new int[] {4, 4}, new float[16]));
        Path good = folder.resolve("g.safetensors");
        SafetensorsWriter.write(good, tensors, Map.of("format", "pt"));
        byte[] bytes = Files.readAllBytes(good);
        var random = new Random(3);
        Path bad = folder.resolve("b.safetensors");
        for (int i = 0; i < 400; i++) {
            byte[] damaged = bytes.clone();
            for (int k = 0; k <= random.nextInt(3); k++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Files.write(bad, damaged);
            try (var read = new Safetensors(bad)) {
                for (String name : read.names()) {
                    read.read(name);
                }
            } catch (CgloraException e) {
                assertThat(e.exitStatus()).isEqualTo(3);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"weight_map\":{\"w\":\"../g.safetensors\"}} | X-PATH",
                "{\"weight_map\":{\"w\":\"/etc/passwd\"}} | X-PATH",
                "{\"weight_map\":{\"w\":\"missing.safetensors\"}} | S-INDEX",
                "{\"weight_map\":{\"other\":\"g.safetensors\"}} | S-INDEX",
                "{} | S-INDEX",
                "{ | S-INDEX"
            })
    void anIndexStaysInItsFolderAndNamesWhatIsThere(String json, String code) throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        tensors.put("w", new TensorData(new int[] {1}, new float[] {1}));
        SafetensorsWriter.write(folder.resolve("g.safetensors"), tensors, Map.of());
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, json.strip());
        var error =
                catchThrowableOfType(
                        CgloraException.class, () -> new ShardedSafetensors(index).close());
        assertThat(error.getMessage()).contains(code.strip());
    }

    @Test
    void aTensorInTwoShardsAndAnUnlistedShardAreTold() throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        tensors.put("v", new TensorData(new int[] {1}, new float[] {1}));
        tensors.put("w", new TensorData(new int[] {1}, new float[] {1}));
        String[] names = {"model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"};
        SafetensorsWriter.write(folder.resolve(names[0]), tensors, Map.of());
        tensors.remove("v");
        SafetensorsWriter.write(folder.resolve(names[1]), tensors, Map.of());
        SafetensorsWriter.write(
                folder.resolve("model-00003-of-00003.safetensors"), tensors, Map.of());
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(
                index,
                "{\"weight_map\":{\"v\":\"%s\",\"w\":\"%s\"}}".formatted(names[0], names[1]));
        var error =
                catchThrowableOfType(
                        CgloraException.class, () -> new ShardedSafetensors(index).close());
        assertThat(error.exitStatus()).isEqualTo(3);
        assertThat(error.getMessage())
                .contains("S-INDEX", "tensor 'w' is in 2 shards: " + names[0] + ", " + names[1])
                .contains("does not list the shard 'model-00003-of-00003.safetensors'")
                .doesNotContain("'v' is in");
    }

    /// What is there and cannot be read, as a folder cannot, is no bug of ours.
    @Test
    void whatCannotBeReadIsNamed() throws IOException {
        Path path = Files.createDirectory(folder.resolve("model.safetensors"));
        assertThat(message(path)).contains("S-READ", "model.safetensors", "cannot be read");
        assertThat(message(folder.resolve("gone.safetensors"))).contains("S-READ", "gone");
    }

    private static String message(Path path) {
        return catchThrowableOfType(CgloraException.class, () -> new Safetensors(path).close())
                .getMessage();
    }
}
