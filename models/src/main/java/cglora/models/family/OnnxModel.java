package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.weights.OnnxWeights;
import cglora.models.weights.PackedEntry;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// An ONNX export of BERT, whose configuration is what its tensors' shapes say.
final class OnnxModel {
    private OnnxModel() {}

    /// @param path      a file, or `classpath:NAME.onnx`
    /// @param overrides keys that replace those that the shapes say
    /// @throws CgloraException M-PATH, M-ONNX or M-CONFIG
    static PretrainedModel load(String path, Map<String, ?> overrides, boolean followLinks) {
        ClasspathFile.requireThere(path);
        PackedEntry packed = ClasspathFile.packed(path).orElse(null);
        var weights = new OnnxWeights(() -> ClasspathFile.open(path), path, packed);
        // A mapper takes a tenth of a second to build, and only overrides need one.
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.put("model_type", ModelFamilies.ONNX.modelType());
        long[] word = shape(weights, "embeddings.word_embeddings.weight");
        long[] inner = shape(weights, "encoder.layer.0.intermediate.dense.weight");
        config.put("vocab_size", (int) word[0]);
        config.put("hidden_size", (int) word[1]);
        config.put("intermediate_size", (int) inner[0]);
        config.put(
                "max_position_embeddings",
                (int) shape(weights, "embeddings.position_embeddings.weight")[0]);
        config.put(
                "type_vocab_size",
                (int) shape(weights, "embeddings.token_type_embeddings.weight")[0]);
        int layers = 0;
        while (weights.names().contains("encoder.layer." + layers + ".output.dense.weight")) {
            layers++;
        }
        config.put("num_hidden_layers", layers);
        weights.attentionHeads((int) word[1])
                .ifPresent(heads -> config.put("num_attention_heads", heads));
        config.put("hidden_act", "gelu");
        config.put("layer_norm_eps", 1e-12);
        overrides.forEach((key, value) -> config.set(key, JsonMapper.shared().valueToTree(value)));
        if (!config.has("num_attention_heads")) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    path,
                    "the graph does not show the number of attention heads",
                    "\"config\": {\"num_attention_heads\": …} in the model stage");
        }
        return new PretrainedModel(
                ModelFamilies.ONNX.read(config, path), weights, config, path, followLinks);
    }

    private static long[] shape(OnnxWeights weights, String name) {
        if (!weights.names().contains(name)) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    weights.description(),
                    "has no tensor '" + name + "'",
                    "only exports of BERT that keep its names are understood");
        }
        return weights.shape(name);
    }
}
