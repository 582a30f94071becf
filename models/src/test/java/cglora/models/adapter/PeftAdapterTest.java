package cglora.models.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.block.Activation;
import cglora.models.block.ClassifierHead;
import cglora.models.block.ParameterSpec;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeftAdapterTest {
    private static final String QUERY =
            "base_model.model.bert.encoder.layer.0.attention.self.query";

    @TempDir Path folder;

    @BeforeEach
    void write() throws IOException {
        adapter().write(folder, 0.1);
    }

    private static PeftAdapter adapter() {
        return new PeftAdapter(
                Map.of(
                        "bert.encoder.layer.0.attention.self.query",
                        layer(2, 8),
                        "bert.encoder.layer.0.output.dense",
                        layer(3, 4)),
                Map.of("classifier.weight", new float[6], "classifier.bias", new float[2]),
                Map.of("classifier.weight", new int[] {2, 3}, "classifier.bias", new int[] {2}),
                "base",
                Map.of("x", "y"));
    }

    private static PeftAdapter.Layer layer(int r, double alpha) {
        float[] a = new float[r * 3];
        float[] b = new float[3 * r];
        for (int i = 0; i < a.length; i++) {
            a[i] = i;
            b[i] = -i;
        }
        return new PeftAdapter.Layer(3, 3, r, alpha / r, false, a, b);
    }

    private String message() {
        ClassifierHead head = ClassifierHead.of("classifier", 3, 2);
        var error =
                catchThrowableOfType(
                        CgloraException.class,
                        () ->
                                PeftAdapter.read(folder)
                                        .requireSaved(head.parameters(), head.saved(), "there"));
        assertThat(error.exitStatus()).isEqualTo(3);
        return error.getMessage();
    }

    @Test
    void whatIsWrittenIsReadWithItsRanksAndScalings() {
        PeftAdapter read = PeftAdapter.read(folder);
        assertThat(read.base()).isEqualTo("base");
        assertThat(read.metadata()).containsEntry("x", "y").containsEntry("format", "pt");
        adapter()
                .layers()
                .forEach(
                        (name, layer) -> {
                            PeftAdapter.Layer back = read.layers().get(name);
                            assertThat(back.r()).isEqualTo(layer.r());
                            assertThat(back.scaling()).isEqualTo(layer.scaling());
                            assertThat(back.loraA()).containsExactly(layer.loraA());
                            assertThat(back.loraB()).containsExactly(layer.loraB());
                        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ".lora_A.weight   |                  | A-TENSOR | lora_A.weight' is missing",
                ".lora_B.weight   |                  | A-TENSOR | lora_B.weight' is missing",
                ".lora_A.weight   | .lora_A.default.weight | A-TENSOR | no name that PEFT gives",
                ".lora_A.weight   | ._orig_mod.lora_A.weight | A-TENSOR | no name that PEFT gives",
                ".lora_A.weight   | .lora_A.weight:4 | A-TENSOR | lora_A has rank 4, lora_B 2",
                ".lora_A.weight   | .lora_A.weight:0 | A-TENSOR | expected matrices"
            })
    void aFactorThatIsNotAsItShouldBeIsNamed(
            String end, String becomes, String code, String essence) throws IOException {
        change(QUERY + end.strip(), becomes == null ? null : QUERY + becomes.strip());
        assertThat(message()).contains(code.strip(), essence.strip());
    }

    @Test
    void aHeadThatIsNotThereIsNoRandomOne() throws IOException {
        change("base_model.model.classifier.bias", null);
        assertThat(message()).contains("A-HEAD", "classifier.bias", "random head");
        change("base_model.model.classifier.weight", "base_model.model.classifier.weight:0");
        assertThat(message()).contains("A-HEAD", "classifier.weight is [6]");
    }

    @Test
    void aHeadOfTwoLayersIsSavedAsTheModuleThatHoldsThem() throws IOException {
        var head = ClassifierHead.of("head.dense", Activation.TANH, "head.out", 3, 2);
        var saved = new TreeMap<String, float[]>();
        var shapes = new TreeMap<String, int[]>();
        for (ParameterSpec spec : head.parameters()) {
            saved.put(spec.name(), new float[(int) spec.size()]);
            shapes.put(spec.name(), spec.extents());
        }
        new PeftAdapter(adapter().layers(), saved, shapes, "base", Map.of()).write(folder, 0);
        assertThat(Files.readString(folder.resolve("adapter_config.json")))
                .contains("\"modules_to_save\" : [ \"head\" ]");
        // PEFT's all-linear names them as targets, too, and trains them whole all the same
        config("\"bert.encoder.layer.0.output.dense\"", "\"head.out\", \"dense\"");
        PeftAdapter read = PeftAdapter.read(folder);
        read.requireSaved(head.parameters(), head.saved(), "there");
        assertThat(read.saved().keySet()).isEqualTo(saved.keySet());
    }

    @Test
    void aTargetWithoutTensorsIsNoSilentPartialLoad() throws IOException {
        config("bert.encoder.layer.0.output.dense\"", "value\"");
        assertThat(message()).contains("A-TENSOR", "target_modules entry 'value'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"LORA\"              | \"IA3\"         | peft_type",
                "\"use_dora\" : false  | \"use_dora\" : true | use_dora",
                "\"init_lora_weights\" : true | \"init_lora_weights\" : \"pissa_niter_4\" |"
                        + " 'pissa_niter_4'",
                "\"init_lora_weights\" : true | \"init_lora_weights\" : \"olora\" | 'olora'",
                "\"bias\" : \"none\"   | \"bias\" : \"all\" | bias",
                "\"revision\"          | \"target_parameters\" : [], \"revision\" |"
                        + " target_parameters",
                "\"revision\" | \"alora_invocation_tokens\" : [5, 6], \"revision\" |"
                        + " alora_invocation_tokens [5,6]",
                "\"revision\" | \"layer_replication\" : [[0, 1]], \"revision\" |"
                        + " layer_replication [[0,1]]",
                "\"revision\" | \"lora_bias\" : true, \"revision\" | lora_bias true",
                "\"revision\" | \"trainable_token_indices\" : [3], \"revision\" |"
                        + " trainable_token_indices [3]",
                "\"revision\" | \"kasa_config\" : {\"x\": 1}, \"revision\" | kasa_config",
                "\"revision\" | \"of_tomorrow\" : 3, \"revision\" | of_tomorrow 3"
            })
    void whatIsNotPlainLoraIsRefused(String from, String to, String essence) throws IOException {
        config(from.strip(), to.strip());
        assertThat(message()).contains("A-CONFIG", essence.strip(), "nothing was loaded");
    }

    @Test
    void whatIsOffIsNotAskedFor() throws IOException {
        config(
                "\"revision\"",
                "\"alora_invocation_tokens\" : null, \"lora_bias\" : false, \"loftq_config\" : {},"
                        + " \"megatron_core\" : \"megatron.core\", \"revision\"");
        assertThat(PeftAdapter.read(folder).layers()).isNotEmpty();
    }

    @Test
    void aFolderThatIsNoAdapterSaysSo() throws IOException {
        Files.writeString(folder.resolve(PeftAdapter.CONFIG), "{");
        assertThat(message()).contains("A-CONFIG");
        Files.delete(folder.resolve(PeftAdapter.WEIGHTS));
        assertThat(message()).contains("A-CONFIG", "is no adapter");
    }

    private void config(String from, String to) throws IOException {
        Path file = folder.resolve(PeftAdapter.CONFIG);
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }

    /// Renames a tensor; null drops it; `:0` makes it one-dimensional, `:4` gives it four rows.
    private void change(String name, String becomes) throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        try (var file = new Safetensors(folder.resolve(PeftAdapter.WEIGHTS))) {
            for (String tensor : file.names()) {
                long[] shape = file.shape(tensor);
                int[] extents = new int[shape.length];
                for (int i = 0; i < shape.length; i++) {
                    extents[i] = (int) shape[i];
                }
                float[] values = file.read(tensor);
                String target = tensor;
                if (tensor.equals(name)) {
                    if (becomes == null) {
                        continue;
                    }
                    target = becomes.replaceFirst(":.*", "");
                    if (becomes.endsWith(":0")) {
                        extents = new int[] {values.length};
                    } else if (becomes.endsWith(":4")) {
                        extents = new int[] {4, 3};
                        values = new float[12];
                    }
                }
                tensors.put(target, new TensorData(extents, values));
            }
        }
        SafetensorsWriter.write(folder.resolve(PeftAdapter.WEIGHTS), tensors, Map.of());
    }
}
