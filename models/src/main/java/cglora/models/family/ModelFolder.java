package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.Body;
import cglora.models.json.JsonFile;
import cglora.models.weights.Safetensors;
import cglora.models.weights.ShardedSafetensors;
import cglora.models.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A model's folder as Hugging Face has it: `config.json` says what the model is, its weights are
/// in `model.safetensors`, or in several of these with an index.
final class ModelFolder {
    private ModelFolder() {}

    /// Reads configuration and headers.
    ///
    /// @param overrides   keys that replace those of `config.json`
    /// @param followLinks whether the files may be links to somewhere else
    /// @throws CgloraException M-PATH, M-CONFIG, M-WEIGHTS, M-FAMILY, M-DTYPE, M-ADAPTER,
    ///     T-PADDING, X-PATH, or one of the S codes
    static PretrainedModel load(Path folder, Map<String, ?> overrides, boolean followLinks) {
        if (!Files.isDirectory(folder)) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    folder.toString(),
                    Files.exists(folder) ? "is a file, expected a model's folder" : "is not there",
                    "download the model's files (config.json, model.safetensors, tokenizer.json)"
                            + " into a folder and give its path; nothing is downloaded here");
        }
        if (!followLinks) {
            ModelLinks.check(folder);
        }
        Path configFile = folder.resolve("config.json");
        requireConfig(folder, configFile);
        ObjectNode config = read(configFile);
        overrides.forEach((key, value) -> config.set(key, JsonMapper.shared().valueToTree(value)));
        String where = configFile.toString();
        requireUnderstood(config, where);
        var generation = GenerationConfig.read(folder, config, overrides.keySet());
        Body body = ModelFamilies.body(generation.ofBody(where), where);
        requirePadding(config, where, body.vocabularySize());
        WeightSource weights = checkpoint(folder);
        return new PretrainedModel(
                body.of(weights.names(), weights::equal), weights, config, folder.toString());
    }

    private static void requireConfig(Path folder, Path configFile) {
        if (!Files.isRegularFile(configFile)) {
            boolean adapter = Files.exists(folder.resolve("adapter_config.json"));
            throw new CgloraException(
                    adapter ? ErrorCode.M_ADAPTER : ErrorCode.M_CONFIG,
                    folder.toString(),
                    adapter
                            ? "is a PEFT adapter, not a model" + baseOf(folder)
                            : "has no config.json; found " + listing(folder),
                    adapter
                            ? "give the folder of the base model that its adapter_config.json names"
                            : "take all files of the model");
        }
    }

    private static ObjectNode read(Path configFile) {
        JsonNode config;
        try {
            config = JsonFile.read(configFile, JsonFile.CONFIGURATION);
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    configFile.toString(),
                    "not JSON: " + e.getOriginalMessage(),
                    "fetch the file again",
                    e);
        }
        if (!(config instanceof ObjectNode object)) {
            throw new CgloraException(
                    ErrorCode.M_CONFIG,
                    configFile.toString(),
                    "is not an object",
                    "fetch it again");
        }
        return object;
    }

    private static void requireUnderstood(JsonNode config, String where) {
        if (config.has("quantization_config")) {
            throw new CgloraException(
                    ErrorCode.M_DTYPE,
                    where,
                    "is a quantised checkpoint (quantization_config)",
                    "take the float checkpoint that it was made from");
        }
        if (config.has("auto_map")) {
            throw new CgloraException(
                    ErrorCode.M_FAMILY,
                    where,
                    "the model has code of its own (auto_map)",
                    "a model's own code is never run; " + ModelFamilies.supported());
        }
    }

    private static String baseOf(Path adapter) {
        try {
            String base =
                    JsonFile.read(adapter.resolve("adapter_config.json"), JsonFile.CONFIGURATION)
                            .path("base_model_name_or_path")
                            .asString("");
            return base.isEmpty() ? "" : "; its base is " + base;
        } catch (JacksonException e) {
            return "";
        }
    }

    /// Padding is masked, so that its id only has to be one of the vocabulary's.
    private static void requirePadding(JsonNode config, String where, int vocabulary) {
        int pad = config.path("pad_token_id").asInt(0);
        if (pad < 0 || pad >= vocabulary) {
            throw new CgloraException(
                    ErrorCode.T_PADDING,
                    where,
                    "pad_token_id is %d, the vocabulary has 0 … %d".formatted(pad, vocabulary - 1),
                    "\"config\": {\"pad_token_id\": 0} in the model stage");
        }
    }

    private static WeightSource checkpoint(Path folder) {
        Path single = folder.resolve("model.safetensors");
        Path index = folder.resolve("model.safetensors.index.json");
        if (Files.isRegularFile(single)) {
            return new Safetensors(single);
        }
        if (Files.isRegularFile(index)) {
            return new ShardedSafetensors(index);
        }
        throw new CgloraException(
                ErrorCode.M_WEIGHTS,
                folder.toString(),
                "has no model.safetensors; found " + listing(folder),
                "convert the checkpoint with transformers: save_pretrained(…,"
                        + " safe_serialization=True); pickled files are never read");
    }

    private static String listing(Path folder) {
        try (var files = Files.list(folder)) {
            List<String> names =
                    files.map(f -> f.getFileName().toString()).sorted().limit(10).toList();
            return names.isEmpty() ? "nothing: the folder is empty" : String.join(", ", names);
        } catch (IOException e) {
            return "nothing that can be listed";
        }
    }
}
