package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Adapters that lack something, have too much, or ask for what is not supported: never a part of
/// one.
class BadAdapterTest extends BadInput {
    private static final String QUERY =
            "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight";

    private Path place;

    @BeforeEach
    void train() throws IOException {
        assertThat(command("run").status()).isZero();
        place = folder.resolve("adapter");
        Files.createDirectories(place);
        try (var files = Files.list(adapter())) {
            for (Path file : files.toList()) {
                Files.copy(file, place.resolve(file.getFileName()));
            }
        }
    }

    private static Outcome tried(String verb, Path adapter, Path out) {
        return verb.equals("merge")
                ? execute(
                        new ByteArrayOutputStream(),
                        "merge",
                        adapter.toString(),
                        "-o",
                        out.toString())
                : execute(
                        new ByteArrayOutputStream(),
                        "predict",
                        adapter.toString(),
                        "--text",
                        "a film");
    }

    /// `predict` and `merge` refuse alike, say nothing else, and leave all as it is.
    private void isRefused(String code, String... essence) throws IOException {
        Map<Path, String> before = files();
        for (String verb : new String[] {"predict", "merge"}) {
            Outcome outcome = tried(verb, place, folder.resolve("merged"));
            outcome.refuses(3, code, essence);
            assertThat(outcome.out()).isEmpty();
        }
        assertThat(files()).isEqualTo(before);
    }

    private void config(String key, Object value) throws IOException {
        Path file = place.resolve("adapter_config.json");
        var config = (ObjectNode) JsonMapper.shared().readTree(file.toFile());
        config.set(key, JsonMapper.shared().valueToTree(value));
        Files.writeString(file, config.toString());
    }

    private void tensors(UnaryOperator<TreeMap<String, TensorData>> change) throws IOException {
        Path file = place.resolve("adapter_model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        Map<String, String> metadata;
        try (var source = new Safetensors(file)) {
            metadata = source.metadata();
            for (String name : source.names()) {
                int[] extents =
                        Arrays.stream(source.shape(name)).mapToInt(Math::toIntExact).toArray();
                tensors.put(name, new TensorData(extents, source.read(name)));
            }
        }
        SafetensorsWriter.write(file, change.apply(tensors), metadata);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "use_dora | true",
                "bias | \"all\"",
                "peft_type | \"LOHA\"",
                "init_lora_weights | \"pissa\"",
                "megatron_config | {}",
                "target_parameters | [\"x\"]"
            })
    void featuresThatAreNotSupportedAreNamed(String key, String value) throws IOException {
        config(key, JsonMapper.shared().readTree(value));
        isRefused("A-CONFIG", "adapter_config.json", key, "nothing was loaded");
    }

    @Test
    void aMissingFactorIsNamed() throws IOException {
        tensors(
                all -> {
                    all.remove(QUERY);
                    return all;
                });
        isRefused("A-TENSOR", "query.lora_A.weight' is missing");
    }

    @Test
    void aFactorOfAnotherRankIsNamedWithBoth() throws IOException {
        tensors(
                all -> {
                    all.put(QUERY, new TensorData(new int[] {3, 12}, new float[36]));
                    return all;
                });
        isRefused("A-TENSOR", "query: lora_A has rank 3, lora_B 2, the configuration 2");
    }

    @Test
    void aFactorOfAnotherWidthIsNamedWithBoth() throws IOException {
        tensors(
                all -> {
                    all.put(QUERY, new TensorData(new int[] {2, 7}, new float[14]));
                    return all;
                });
        isRefused("A-TENSOR", "query' is 12 × 12, the adapter's 12 × 7");
    }

    @ParameterizedTest
    @CsvSource({"lora_A.default.weight", "_orig_mod.lora_A.weight"})
    void namesThatPeftDoesNotGiveAreNamed(String end) throws IOException {
        tensors(
                all -> {
                    all.put(
                            QUERY.replace("lora_A.weight", end),
                            new TensorData(new int[] {2, 12}, new float[24]));
                    return all;
                });
        isRefused("A-TENSOR", end);
    }

    @Test
    void aHeadThatIsMissingIsNoRandomOne() throws IOException {
        tensors(
                all -> {
                    all.keySet().removeIf(name -> name.contains("classifier"));
                    return all;
                });
        isRefused("A-HEAD", "holds no classifier.weight", "modules_to_save");
    }
}
