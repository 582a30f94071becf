package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.ParameterSpec;
import cglora.models.family.PretrainedModel;
import cglora.models.training.BodyCheck;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Seq2Seq;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import cglora.models.training.TaskModel;
import cglora.models.training.TokenClassifier;
import cglora.models.weights.FloatFormat;
import cglora.models.weights.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// Writes a model whose own weights were trained as a Hugging Face directory, reads it back and
/// compares.
final class ModelExport {
    static final String FOLDER = "model";

    private final RunState run;
    private final Inputs inputs;

    ModelExport(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// @param folder in the run's
    /// @return what the run shows of it
    String write(String folder, boolean verify) {
        inputs.stamps().requireUnchanged();
        Path target = run.folder.resolve(folder);
        Path temporary = run.folder.resolve(folder + ".tmp");
        try {
            Files.createDirectories(temporary);
            Files.writeString(temporary.resolve("config.json"), SavedModel.config(inputs));
            inputs.checkpoint().tokenizerFiles(inputs.modelSpec().tokenizer()).copyTo(temporary);
            if (inputs.writes()) {
                inputs.checkpoint().copyGeneration(temporary);
            }
            var shapes = new TreeMap<String, int[]>();
            for (ParameterSpec spec : run.session.task().bodyParameters()) {
                shapes.put(spec.name(), spec.extents());
            }
            for (ParameterSpec spec : run.session.task().headParameters()) {
                shapes.put(spec.name(), spec.extents());
            }
            ModelFiles.write(
                    temporary, ModelFiles.SHARD_BYTES, FloatFormat.F32, shapes, this::finite);
            String verified = verify ? "  " + verify(temporary, target) : "";
            run.folder.replace(temporary, target);
            run.modelPath = target;
            return RunReport.relative(target) + verified;
        } catch (IOException e) {
            RunFolder.delete(temporary);
            throw run.folder.diskError(e);
        } catch (CgloraException e) {
            RunFolder.delete(temporary);
            throw e;
        }
    }

    private void finite(String name, int first, int count, float[] target, int offset) {
        run.session.read(name, first, count, target, offset);
        for (int i = offset; i < offset + count; i++) {
            if (!Float.isFinite(target[i])) {
                throw new CgloraException(
                        ErrorCode.A_VERIFY,
                        name,
                        "the trained model holds NaN or infinity; nothing is written",
                        "lower train.learning_rate");
            }
        }
    }

    private TaskModel task(PretrainedModel loaded) {
        return switch (inputs.modelSpec().task()) {
            case SEQ_CLS ->
                    new SequenceClassifier(
                            loaded.encoder(),
                            SavedModel.pooling(loaded),
                            inputs.examples().labels());
            case SEQ_2_SEQ_LM -> new Seq2Seq(loaded.encoderDecoder());
            case CAUSAL_LM -> new CausalLanguageModel(loaded.causalDecoder());
            case TOKEN_CLS -> new TokenClassifier(loaded.encoder(), inputs.examples().labels());
        };
    }

    /// The session's weights stand for those of the files once these are seen to be the same.
    private String verify(Path written, Path target) throws IOException {
        var verification = new Verification(run);
        try (PretrainedModel loaded = PretrainedModel.load(written.toString(), Map.of());
                Session fresh = fresh(loaded, task(loaded))) {
            loaded.weights().release();
            return "verified: reloaded, logits differ by %.1e"
                    .formatted(verification.compare(fresh, written, target, () -> {}));
        }
    }

    private Session fresh(PretrainedModel loaded, TaskModel task) {
        boolean held =
                run.session.holds(task)
                        && new BodyCheck(run.session, Map.of()).isOf(loaded, task.bodyParameters());
        return held
                ? run.session.beside(task, loaded)
                : new Session(run.engine.open(), task, loaded, false);
    }
}
