package cglora.pipeline.bench;

import static java.util.Objects.requireNonNull;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.training.Pooling;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the training step of the benchmark trains: a model, MiniLM where nothing else is asked for,
/// with r = 8 on all linear layers, on 16 sequences of 128 tokens.
///
/// @param path as a pipeline's stage `model` takes it
/// @param name what the results call it
public record StepModel(String path, String name) {
    static final int ROWS = 16;
    static final int WIDTH = 128;

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

    /// Before anything is measured in vain.
    ///
    /// @throws cglora.kernels.error.CgloraException where the model cannot be read, or takes no
    ///     sequences of that length
    public void check() {
        try (PretrainedModel checkpoint = checkpoint()) {
            int most = checkpoint.encoder().maxPositions();
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

    Session session(Engine engine, PretrainedModel checkpoint) {
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(), Pooling.MEAN, new Labels(List.of("0", "1"), false));
        var session = new Session(engine, model, checkpoint, false);
        checkpoint.weights().release();
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : model.linearModules()) {
            layers.add(new LoraLayer(module, RANK, 2f, 0f, false));
        }
        session.addAdapters(layers);
        return session;
    }
}
