package cglora.pipeline.bench;

import static java.util.Objects.requireNonNull;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.DataType;
import cglora.models.adapter.LayerShape;
import cglora.models.adapter.LoraInitializer;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Labels;
import cglora.models.data.TokenTargets;
import cglora.models.family.PretrainedModel;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Pooling;
import cglora.models.training.Seq2Seq;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import cglora.models.training.TaskModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// What the training step of the benchmark trains: a model, MiniLM where nothing else is asked for,
/// with r = 8 on all linear layers, on 16 sequences of 128 tokens: two classes, or, where the model
/// reads one sequence and writes another, 32 tokens each, or of a language model all tokens but the
/// first over its vocabulary.
///
/// @param path as a pipeline's stage `model` takes it
/// @param name what the results call it
public record StepModel(String path, String name) {
    static final int ROWS = 16;
    static final int WIDTH = 128;

    /// Tokens that a model writes for a sequence.
    static final int WRITTEN = 32;

    /// The model that comes with the build.
    public static final StepModel MINILM =
            new StepModel("classpath:all-minilm-l6-v2.onnx", "MiniLM");

    private static final int RANK = 8;

    public StepModel {
        requireNonNull(path, "path");
        requireNonNull(name, "name");
    }

    /// A folder or ONNX file, by the name that it has there.
    public static StepModel of(String path) {
        Path file = Path.of(path).toAbsolutePath().normalize().getFileName();
        return new StepModel(path, file == null ? path : file.toString());
    }

    /// What its results are called.
    String test() {
        return name + " r 8, " + ROWS + "×" + WIDTH + " tokens";
    }

    /// The sizes of its batch.
    static BatchShape shape(PretrainedModel checkpoint) {
        int written = checkpoint.isLanguageModel() ? WIDTH - 1 : 0;
        return new BatchShape(ROWS, WIDTH, checkpoint.isEncoderDecoder() ? WRITTEN : written);
    }

    /// Tokens of a step, what an encoder–decoder model writes included.
    static int tokens(PretrainedModel checkpoint) {
        return ROWS * (WIDTH + (checkpoint.isEncoderDecoder() ? WRITTEN : 0));
    }

    /// Whole sequences of tokens drawn from a fixed seed.
    static Batch batch(PretrainedModel checkpoint) {
        var random = new SplittableRandom(7);
        int vocabulary = checkpoint.body().vocabularySize();
        int[] ids = drawn(random, ROWS * WIDTH, vocabulary);
        int[] lengths = new int[ROWS];
        Arrays.fill(lengths, WIDTH);
        int[] labels = random.ints(ROWS, 0, 2).toArray();
        int written = shape(checkpoint).targetWidth();
        int[] answers =
                checkpoint.isLanguageModel()
                        ? behindTheFirst(ids)
                        : drawn(random, ROWS * written, vocabulary);
        return new Batch(
                ROWS,
                WIDTH,
                new int[ROWS],
                ids,
                new int[ROWS * WIDTH],
                lengths,
                labels,
                new float[ROWS],
                written == 0 ? null : new TokenTargets(written, answers));
    }

    /// All tokens of each sequence but the first.
    private static int[] behindTheFirst(int[] ids) {
        int[] behind = new int[ROWS * (WIDTH - 1)];
        for (int row = 0; row < ROWS; row++) {
            System.arraycopy(ids, row * WIDTH + 1, behind, row * (WIDTH - 1), WIDTH - 1);
        }
        return behind;
    }

    private static int[] drawn(SplittableRandom random, int count, int vocabulary) {
        return random.ints(count, Math.min(1000, vocabulary / 2), vocabulary).toArray();
    }

    /// Before anything is measured in vain.
    ///
    /// @throws cglora.kernels.error.CgloraException where the model cannot be read, or takes no
    ///     sequences of that length
    public void check() {
        try (PretrainedModel checkpoint = checkpoint()) {
            int most = checkpoint.body().maxPositions();
            if (most < WIDTH) {
                throw new CgloraException(
                        ErrorCode.O_CONFLICT,
                        "--model " + path,
                        "takes at most %d tokens, the step has sequences of %d"
                                .formatted(most, WIDTH),
                        "give a model that takes %d tokens".formatted(WIDTH));
            }
        }
    }

    PretrainedModel checkpoint() {
        return PretrainedModel.load(path, Map.of());
    }

    /// Its adapters start as LoRA's do: were `A` zero as well as `B`, no gradient would ever reach
    /// them, and of the losses a head alone would make the difference.
    Session session(Engine engine, PretrainedModel checkpoint) {
        Session session = session(engine, checkpoint, DataType.FLOAT32, 0f);
        var initializer = new LoraInitializer();
        long seed = 0;
        for (LoraLayer layer : session.adapters().values()) {
            var shape =
                    new LayerShape(
                            layer.module().in(), layer.module().out(), RANK, layer.scaling());
            session.write(layer.loraA(), initializer.initialize(shape, null, seed++).loraA());
        }
        return session;
    }

    /// All factors are zero.
    ///
    /// @param frozen  how the matrices of the model are kept
    /// @param dropout of the adapters' inputs
    static Session session(
            Engine engine, PretrainedModel checkpoint, DataType frozen, float dropout) {
        TaskModel model = task(checkpoint);
        var session = new Session(engine, model, checkpoint, frozen);
        checkpoint.weights().release();
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : model.linearModules()) {
            layers.add(new LoraLayer(module, RANK, 2f, dropout, false));
        }
        session.addAdapters(layers);
        return session;
    }

    private static TaskModel task(PretrainedModel checkpoint) {
        if (checkpoint.isEncoderDecoder()) {
            return new Seq2Seq(checkpoint.encoderDecoder());
        }
        return checkpoint.isLanguageModel()
                ? new CausalLanguageModel(checkpoint.causalDecoder())
                : new SequenceClassifier(
                        checkpoint.encoder(), Pooling.MEAN, new Labels(List.of("0", "1"), false));
    }
}
