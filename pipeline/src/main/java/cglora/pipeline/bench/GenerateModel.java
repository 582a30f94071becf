package cglora.pipeline.bench;

import static java.util.Objects.requireNonNull;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.DataType;
import cglora.models.block.Body;
import cglora.models.block.CausalDecoder;
import cglora.models.family.PretrainedModel;
import cglora.models.llama.LlamaModel;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Session;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// The language model that the benchmark has written: a folder, or the shape of SmolLM-135M with
/// random weights.
///
/// @param path  as a pipeline's stage `model` takes it; null for random weights
/// @param shape the `config.json` of random weights, which is a Llama's; empty where there is a
///     path
/// @param name  what the results call it
/// @param dtype how its matrices are kept
public record GenerateModel(String path, Map<String, Object> shape, String name, DataType dtype) {
    /// SmolLM-135M's `config.json`, as far as it says something of the shape.
    private static final Map<String, Object> SMOL =
            Map.ofEntries(
                    Map.entry("model_type", "llama"),
                    Map.entry("hidden_act", "silu"),
                    Map.entry("vocab_size", 49152),
                    Map.entry("hidden_size", 576),
                    Map.entry("intermediate_size", 1536),
                    Map.entry("num_hidden_layers", 30),
                    Map.entry("num_attention_heads", 9),
                    Map.entry("num_key_value_heads", 3),
                    Map.entry("max_position_embeddings", 2048),
                    Map.entry("rms_norm_eps", 1e-5),
                    Map.entry("tie_word_embeddings", true));

    public GenerateModel {
        shape = Map.copyOf(shape);
        requireNonNull(name, "name");
        requireNonNull(dtype, "dtype");
    }

    /// @param path null for random weights
    public static GenerateModel of(String path, DataType dtype) {
        return path == null
                ? new GenerateModel(null, SMOL, "SmolLM-135M's shape", dtype)
                : new GenerateModel(path, Map.of(), StepModel.of(path).name(), dtype);
    }

    /// What its results are called.
    String test() {
        return "%s %s, %d + %d tokens"
                .formatted(
                        name,
                        dtype == DataType.BFLOAT16 ? "bfloat16" : "float32",
                        GenerateBenchmark.PROMPT,
                        GenerateBenchmark.WRITTEN);
    }

    /// Before anything is measured in vain.
    ///
    /// @throws CgloraException where the model cannot be read, is no language model, or has fewer
    ///     positions than what is to be written
    public void check() {
        try (PretrainedModel checkpoint = checkpoint()) {
            int needed = GenerateBenchmark.PROMPT + GenerateBenchmark.WRITTEN;
            if (decoder(checkpoint).maxPositions() < needed) {
                throw new CgloraException(
                        ErrorCode.O_CONFLICT,
                        "--model " + path,
                        "takes at most %d tokens, prompt and answer are %d"
                                .formatted(decoder(checkpoint).maxPositions(), needed),
                        "give a model that takes %d tokens".formatted(needed));
            }
        }
    }

    PretrainedModel checkpoint() {
        if (path != null) {
            return PretrainedModel.load(path, Map.of());
        }
        var config = JsonMapper.shared().valueToTree(shape);
        Body body = LlamaModel.LLAMA.read(config, name);
        return RandomCheckpoint.of(body, config);
    }

    private CausalDecoder decoder(PretrainedModel checkpoint) {
        if (checkpoint.body() instanceof CausalDecoder decoder) {
            return decoder;
        }
        throw new CgloraException(
                ErrorCode.O_CONFLICT,
                "--model " + path,
                "is a %s, which does not go on behind a prompt"
                        .formatted(checkpoint.body().modelType()),
                "give a language model: llama, mistral, qwen2 or qwen3");
    }

    Session session(Engine engine) {
        try (PretrainedModel checkpoint = checkpoint()) {
            var task = new CausalLanguageModel(decoder(checkpoint));
            return new Session(engine, task, checkpoint, dtype);
        }
    }
}
