package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.testing.ForkedJava;
import cglora.pipeline.cli.Main;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// JSON and headers that are nested without end, or far larger than any: refused by a limit before
/// they take memory or stack.
class HugeInputTest extends BadInput {
    private static final int DEPTH = 10_000;

    private static byte[] header(long length, String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + text.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(text)
                .array();
    }

    private static String nested(String opening) {
        return opening.repeat(DEPTH);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "p.json | 2 | P-JSON",
                "model/config.json | 3 | M-CONFIG",
                "model/tokenizer.json | 3 | T-FORMAT",
                "model/tokenizer_config.json | 3 | T-FORMAT",
                "model/model.safetensors | 3 | S-HEADER"
            })
    void jsonWithoutEndIsRefusedByItsDepth(String name, int status, String code)
            throws IOException {
        Path file = folder.resolve(name);
        for (String opening : new String[] {"[", "{\"a\":"}) {
            String json = "{\"a\":" + nested(opening);
            Files.write(
                    file,
                    name.endsWith(".safetensors")
                            ? header(json.length(), json)
                            : json.getBytes(StandardCharsets.UTF_8));
            refused(status, code, "nest");
        }
    }

    @Test
    void aRowOfDataIsRefusedByItsDepth() throws IOException {
        Files.writeString(folder.resolve("deep.jsonl"), "{\"text\":" + nested("[") + "\n");
        change("p.json", "train.tsv", "deep.jsonl");
        refused(3, "D-JSON", "deep.jsonl:1");
    }

    /// A file that says it has so many bytes, and none of them on the disk.
    private Path sparse(String name, byte[] beginning, long bytes) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(0);
            file.write(beginning);
            file.setLength(bytes);
        }
        return path;
    }

    /// In a Java whose whole heap is a small part of the file.
    private void isRefused(Path file, long bytes, int status, String code, String... essence)
            throws IOException {
        ForkedJava.Outcome outcome =
                ForkedJava.run(
                        Main.class,
                        List.of("-Xmx160m"),
                        Map.of(),
                        List.of("validate", folder.resolve("p.json").toString()));
        new Outcome(outcome.status(), outcome.out(), outcome.err()).refuses(status, code, essence);
        assertThat(Files.size(file)).isEqualTo(bytes);
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "p.json | 2 | P-JSON | at most 16777216",
                "model/config.json | 3 | X-LIMIT | at most 8388608",
                "model/tokenizer.json | 3 | X-LIMIT | at most 268435456",
                "model/model.safetensors.index.json | 3 | X-LIMIT | at most 67108864"
            })
    void aGigabyteOfJsonIsNotRead(String name, int status, String code, String essence)
            throws IOException {
        if (name.endsWith("index.json")) {
            Files.delete(folder.resolve("model/model.safetensors"));
        }
        Path file = sparse(name, "{\"a\": \"".getBytes(StandardCharsets.UTF_8), 1L << 30);
        isRefused(file, 1L << 30, status, code, essence, "1073741824");
    }

    /// Ten million names take more than a header may have.
    @Test
    void aHeaderOfTenMillionTensorsIsNotRead() throws IOException {
        long header = 600_000_000;
        Path file = sparse("model/model.safetensors", header(header, "{\"a\": "), 1L << 30);
        isRefused(file, 1L << 30, 3, "S-HEADER", "600000000", "100000000");
    }

    /// Fields that are longer than the file, as long as can be, and longer than that.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "3affffffff07", // the graph, 2³¹ - 1 bytes
                "3affffffff0f", // the graph, 2³² - 1 bytes
                "3affffffffffffffff7f", // the graph, 2⁶³ - 1 bytes
                "3a0e2affffffff07420161100108a08d06", // an initialiser in it
                "3a0a0affffffff070a0161" // a node in it
            })
    void lengthsOfAnOnnxFileAreNotBelieved(String hex) throws IOException {
        byte[] bytes = java.util.HexFormat.of().parseHex(hex);
        Path file = Files.write(folder.resolve("huge.onnx"), bytes);
        change("p.json", "\"path\": \"model\"", "\"path\": \"huge.onnx\"");
        isRefused(file, bytes.length, 3, "M-ONNX", "huge.onnx");
        assertThat(file).hasBinaryContent(bytes);
    }
}
