package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.training.Pooling;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the training step of the benchmark trains: MiniLM, r = 8 on all linear layers, 16 sequences
/// of 128 tokens.
final class StepModel {
    static final int ROWS = 16;
    static final int WIDTH = 128;
    private static final int RANK = 8;

    private StepModel() {}

    static PretrainedModel checkpoint() {
        return PretrainedModel.load("classpath:all-minilm-l6-v2.onnx", Map.of());
    }

    static Session session(Engine engine, PretrainedModel checkpoint) {
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
