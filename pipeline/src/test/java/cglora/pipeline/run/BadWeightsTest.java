package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Folders that are no models, and files of weights that are cut, damaged or something else.
class BadWeightsTest extends BadInput {
    private Path weights() {
        return folder.resolve("model/model.safetensors");
    }

    @Test
    void aConfigurationWithoutAKeyThatShapesAreMadeOfIsRefused() throws IOException {
        change("model/config.json", "\"num_attention_heads\": 3,", "");
        refused(3, "M-CONFIG", "config.json", "num_attention_heads");
    }

    @Test
    void aQuantisedCheckpointIsRefused() throws IOException {
        change(
                "model/config.json",
                "\"pad_token_id\": 0",
                "\"pad_token_id\": 0, \"quantization_config\": {\"bits\": 4}");
        refused(3, "M-DTYPE", "quantization_config", "float checkpoint");
    }

    @Test
    void anAdapterIsNoModel() throws IOException {
        Files.delete(folder.resolve("model/config.json"));
        Files.writeString(
                folder.resolve("model/adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"bert-base-uncased\"}");
        refused(3, "M-ADAPTER", "is a PEFT adapter", "bert-base-uncased");
    }

    /// The bytes of a pickle, of Java's serialisation and of nothing, under names that ask for it.
    @ParameterizedTest
    @CsvSource({
        "pytorch_model.bin, 80025d710028",
        "pytorch_model.bin, aced0005737200",
        "tf_model.h5, 894844460d0a1a0a",
        "model.gguf, 47475546"
    })
    void weightsOfOtherKindsAreNeverRead(String name, String hex) throws IOException {
        Files.delete(weights());
        byte[] bytes = java.util.HexFormat.of().parseHex(hex);
        Files.write(folder.resolve("model").resolve(name), bytes);
        refused(3, "M-WEIGHTS", "has no model.safetensors", name, "never read");
    }

    @ParameterizedTest
    @ValueSource(strings = {"80025d710028", "aced0005737200"})
    void serialisedObjectsUnderTheNameOfWeightsAreNeverRead(String hex) throws IOException {
        Files.write(weights(), java.util.HexFormat.of().parseHex(hex + "00".repeat(100)));
        refused(3, "S-", "model.safetensors");
    }

    @Test
    void aFileThatIsNoOnnxIsRefused() throws IOException {
        Files.writeString(folder.resolve("model.onnx"), "no protobuf");
        change("p.json", "\"path\": \"model\"", "\"path\": \"model.onnx\"");
        refused(3, "M-ONNX", "model.onnx");
    }

    @ParameterizedTest
    @ValueSource(ints = {-100, -1, 1, 100})
    void weightsThatAreTooShortOrTooLongAreRefused(int more) throws IOException {
        byte[] whole = Files.readAllBytes(weights());
        Files.write(weights(), Arrays.copyOf(whole, whole.length + more));
        refused(3, "S-TRUNCATED", "model.safetensors", "bytes");
    }

    @Test
    void aPointerOfGitLfsIsRefused() throws IOException {
        Files.writeString(
                weights(),
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 498818054\n");
        refused(3, "S-LFS", "is a Git LFS pointer", "498818054");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 20_000_000, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, -1})
    void aHeaderBeyondTheFileIsRefused(long header) throws IOException {
        byte[] whole = Files.readAllBytes(weights());
        ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(header);
        Files.write(weights(), whole);
        refused(3, "S-", "model.safetensors", Long.toUnsignedString(header));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"F32\" | \"Q32\" | S-DTYPE | Q32",
                "\"F32\" | \"F64\" | S-LAYOUT | takes",
                "\"data_offsets\" | \"data_offset5\" | S-HEADER | data_offsets",
                "{\"__meta | [\"__meta | S-HEADER | does not begin"
            })
    void aDamagedHeaderIsRefused(String from, String to, String code, String essence)
            throws IOException {
        byte[] whole = Files.readAllBytes(weights());
        String text = new String(whole, java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(text).contains(from);
        Files.write(
                weights(),
                text.replaceFirst(
                                java.util.regex.Pattern.quote(from),
                                java.util.regex.Matcher.quoteReplacement(to))
                        .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        refused(3, code, "model.safetensors", essence);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model-00001-of-00002.safetensors | S-INDEX | model-00001-of-00002.safetensors",
                "../train.tsv | X-PATH | not a file beside the index",
                "/etc/passwd | X-PATH | not a file beside the index",
                "C:\\\\weights.safetensors | S-INDEX | weights.safetensors",
                "model\\u0000.safetensors | X-PATH | not a file beside the index"
            })
    void anIndexNamesFilesBesideItOnly(String file, String code, String essence)
            throws IOException {
        Files.delete(weights());
        Files.writeString(
                folder.resolve("model/model.safetensors.index.json"),
                "{\"weight_map\": {\"bert.embeddings.word_embeddings.weight\": \"%s\"}}"
                        .formatted(file));
        refused(3, code, "model.safetensors.index.json", essence);
    }

    /// Headers alone do not show it: the run ends where it reads the tensor, and leaves nothing.
    @Test
    void weightsThatAreNotFiniteEndTheRun() throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        try (var source = new Safetensors(weights())) {
            for (String name : source.names()) {
                int[] extents =
                        Arrays.stream(source.shape(name)).mapToInt(Math::toIntExact).toArray();
                float[] values = source.read(name);
                if (name.equals("bert.encoder.layer.1.output.dense.weight")) {
                    values[3] = Float.NaN;
                    values[5] = Float.NEGATIVE_INFINITY;
                }
                tensors.put(name, new TensorData(extents, values));
            }
        }
        SafetensorsWriter.write(weights(), tensors, Map.of());
        Map<Path, String> before = files();
        command("run")
                .refuses(
                        3,
                        "S-NONFINITE",
                        "bert.encoder.layer.1.output.dense.weight",
                        "holds 2",
                        "first at 3");
        assertThat(files()).isEqualTo(before);
        assertThat(folder.resolve("runs/latest")).doesNotExist();
        if (Files.exists(folder.resolve("runs"))) {
            assertThat(onlyRun().resolve("adapter")).doesNotExist();
        }
    }
}
