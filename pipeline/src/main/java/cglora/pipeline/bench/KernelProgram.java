package cglora.pipeline.bench;

import cglora.kernels.check.LaunchTiming;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.whitening.WhiteningKernels;
import cglora.models.block.Body;
import cglora.models.block.ModelFamily;
import cglora.models.family.PretrainedModel;
import cglora.models.llama.LlamaModel;
import cglora.models.t5.T5Model;
import cglora.models.training.Session;
import cglora.models.training.TrainingStep;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/// Launches that are timed alone: those of a training step, and beside it those of other forms of
/// models, one layer deep, and of the initialisation, so that every family of kernels has a figure.
///
/// @param name       in front of its results; empty for the step of MiniLM
/// @param vocabulary what indices of tokens are below
/// @param width      tokens of a sequence
record KernelProgram(String name, int vocabulary, int width, List<Launch> launches) {
    private static final int VOCABULARY = 8192;

    /// Two halves in bfloat16.
    private static final int HALVES = 0x3F003F00;

    /// Relative positions of T5 have more buckets.
    private static final int BUCKETS = 8;

    /// A layer of SmolLM-135M.
    private static final Map<String, Object> LLAMA =
            Map.ofEntries(
                    Map.entry("model_type", "llama"),
                    Map.entry("hidden_act", "silu"),
                    Map.entry("vocab_size", VOCABULARY),
                    Map.entry("hidden_size", 576),
                    Map.entry("intermediate_size", 1536),
                    Map.entry("num_hidden_layers", 1),
                    Map.entry("num_attention_heads", 9),
                    Map.entry("num_key_value_heads", 3),
                    Map.entry("max_position_embeddings", 512),
                    Map.entry("rms_norm_eps", 1e-5),
                    Map.entry("tie_word_embeddings", true));

    /// A layer each of the encoder and the decoder of T5 1.1 small.
    private static final Map<String, Object> T5 =
            Map.ofEntries(
                    Map.entry("model_type", "t5"),
                    Map.entry("vocab_size", VOCABULARY),
                    Map.entry("d_model", 512),
                    Map.entry("d_kv", 64),
                    Map.entry("d_ff", 1024),
                    Map.entry("num_heads", 6),
                    Map.entry("num_layers", 1),
                    Map.entry("num_decoder_layers", 1),
                    Map.entry("relative_attention_num_buckets", 32),
                    Map.entry("feed_forward_proj", "gated-gelu"),
                    Map.entry("layer_norm_epsilon", 1e-6),
                    Map.entry("tie_word_embeddings", true),
                    Map.entry("decoder_start_token_id", 0),
                    Map.entry("eos_token_id", 1));

    /// Of MiniLM's initialisation: as wide as its layers.
    private static final int ROOT = 384;

    private static final float DROPOUT = 0.1f;

    private static final Set<String> BIAS_GRADIENTS =
            Set.of("biasedAttentionBiasGradient", "relativeBiasGradient");

    KernelProgram {
        launches = List.copyOf(launches);
    }

    /// The step of a model and, of the others, what it has not: attention has other forms, other
    /// kernels are timed once.
    static List<KernelProgram> of(StepModel model) {
        var programs = new ArrayList<KernelProgram>();
        try (PretrainedModel checkpoint = model.checkpoint()) {
            programs.add(
                    step(
                            model.equals(StepModel.MINILM) ? "" : model.name(),
                            checkpoint,
                            DataType.FLOAT32,
                            0f));
        }
        Set<String> timed = new HashSet<>(programs.getFirst().kernels());
        for (KernelProgram other : others()) {
            List<Launch> more =
                    other.launches().stream()
                            .filter(
                                    launch ->
                                            launch.kernel().family().equals("attention")
                                                    || !timed.contains(launch.kernel().name()))
                            .toList();
            timed.addAll(other.kernels());
            programs.add(new KernelProgram(other.name, other.vocabulary, other.width, more));
        }
        return programs;
    }

    /// Llama in bfloat16 with dropout in its adapters, T5, also with its own weights trained, and
    /// the whitening of the initialisation.
    static List<KernelProgram> others() {
        return List.of(
                step("Llama", random(LlamaModel.LLAMA, LLAMA), DataType.BFLOAT16, DROPOUT),
                withBiasGradients(step("T5", random(T5Model.FAMILY, T5), DataType.FLOAT32, 0f)),
                whitening());
    }

    private static PretrainedModel random(ModelFamily family, Map<String, Object> shape) {
        var config = JsonMapper.shared().valueToTree(shape);
        Body body = family.read(config, "the benchmark's shape");
        return RandomCheckpoint.of(body, config);
    }

    private static KernelProgram step(
            String name, PretrainedModel checkpoint, DataType frozen, float dropout) {
        try (var engine = new NullEngine();
                var session = StepModel.session(engine, checkpoint, frozen, dropout)) {
            return step(name, session, checkpoint);
        }
    }

    private static KernelProgram step(String name, Session session, PretrainedModel checkpoint) {
        new TrainingStep(session); // prepares the session for training
        return new KernelProgram(
                name,
                checkpoint.body().vocabularySize(),
                StepModel.WIDTH,
                session.training().planned(StepModel.shape(checkpoint)).launches());
    }

    /// With the gradients of attention's biases, which adapters leave as they are.
    private static KernelProgram withBiasGradients(KernelProgram t5) {
        PretrainedModel checkpoint = random(T5Model.FAMILY, T5);
        var launches = new ArrayList<>(t5.launches());
        try (var engine = new NullEngine();
                var session = StepModel.whole(engine, checkpoint)) {
            step(t5.name, session, checkpoint).launches().stream()
                    .filter(launch -> BIAS_GRADIENTS.contains(launch.kernel().name()))
                    .forEach(launches::add);
        }
        return new KernelProgram(t5.name, t5.vocabulary, t5.width, launches);
    }

    /// A factor of a batch, and a step of the iteration that finds its root.
    private static KernelProgram whitening() {
        int rows = StepModel.ROWS * StepModel.WIDTH;
        Buffer x = floats("x", rows * ROOT);
        Buffer gram = floats("gram", ROOT * ROOT);
        Buffer factor = floats("factor", ROOT * ROOT);
        return new KernelProgram(
                "initialisation",
                VOCABULARY,
                StepModel.WIDTH,
                List.of(
                        Launch.of(WhiteningKernels.GRAM_INTO, ROOT, x, gram, rows, ROOT, 1f)
                                .withOperations(2L * rows * ROOT * ROOT),
                        Launch.of(
                                WhiteningKernels.NEWTON_SCHULZ_FACTOR,
                                ROOT,
                                gram,
                                floats("coefficients", 2),
                                factor,
                                ROOT)));
    }

    private static Buffer floats(String name, int length) {
        return Buffer.scratch(name, DataType.FLOAT32, length);
    }

    private Set<String> kernels() {
        var names = new HashSet<String>();
        launches.forEach(launch -> names.add(launch.kernel().name()));
        return names;
    }

    /// What a result's name begins with.
    String prefix() {
        return name.isEmpty() ? "" : name + ": ";
    }

    /// Integers that fit a launch: sequences are whole, positions count up, words are spread over
    /// the vocabulary, weights are numbers.
    LaunchTiming.Integers integers(Launch launch) {
        return (operand, index) ->
                switch (operand) {
                    case "lengths" -> size(launch, "width");
                    case "queryLengths" -> size(launch, "queries");
                    case "keyLengths" -> size(launch, "keys");
                    case "positions" -> index % width;
                    case "words", "ids" -> (int) (index * 7919L % vocabulary);
                    case "buckets" -> index % BUCKETS;
                    case "packed", "word", "b" -> HALVES;
                    default -> 0;
                };
    }

    /// The dimension of that name; the width of the sequences where the kernel has none.
    private int size(Launch launch, String dimension) {
        int at = launch.kernel().packed().indexOf(dimension);
        return at < 0 ? width : launch.packed().get(at);
    }
}
