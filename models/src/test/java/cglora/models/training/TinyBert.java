package cglora.models.training;

import cglora.models.bert.BertConfig;
import cglora.models.bert.BertModel;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// A small BERT with random weights, as a Hugging Face directory.
public final class TinyBert {
    public static final String CONFIG =
            """
            {"model_type": "bert", "vocab_size": 31, "hidden_size": 12, "num_hidden_layers": 2,
             "num_attention_heads": 3, "intermediate_size": 20, "hidden_act": "gelu",
             "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
             "pad_token_id": 0}
            """;

    private TinyBert() {}

    public static BertModel model() {
        return new BertModel(new BertConfig(31, 12, 2, 3, 20, "gelu", 16, 2, 1e-12f));
    }

    /// @param prefixed whether tensors carry the class's prefix, and old names of the norms
    public static Path write(Path folder, boolean prefixed) throws IOException {
        return write(folder, prefixed, model().parameters());
    }

    /// With the class's prefix and a pooler.
    public static Path writeWithPooler(Path folder) throws IOException {
        LinearModule pooler = model().pooler().orElseThrow();
        var specs = new ArrayList<>(model().parameters());
        specs.add(ParameterSpec.matrix(pooler.weight(), pooler.out(), pooler.in()));
        specs.add(ParameterSpec.vector(pooler.bias(), pooler.out()));
        return write(folder, true, specs);
    }

    private static Path write(Path folder, boolean prefixed, List<ParameterSpec> specs)
            throws IOException {
        var random = new Random(5);
        var tensors = new TreeMap<String, TensorData>();
        for (ParameterSpec spec : specs) {
            float[] values = new float[(int) spec.size()];
            boolean norm = spec.name().contains("LayerNorm.weight");
            for (int i = 0; i < values.length; i++) {
                values[i] = (norm ? 1 : 0) + 0.3f * (float) random.nextGaussian();
            }
            String name =
                    prefixed
                            ? spec.name()
                                    .replace("LayerNorm.weight", "LayerNorm.gamma")
                                    .replace("LayerNorm.bias", "LayerNorm.beta")
                            : spec.name().substring("bert.".length());
            tensors.put(name, new TensorData(spec.extents(), values));
        }
        Files.createDirectories(folder);
        SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors, Map.of());
        Files.writeString(folder.resolve("config.json"), CONFIG);
        return folder;
    }
}
