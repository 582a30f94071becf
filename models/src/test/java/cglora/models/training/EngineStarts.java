package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.Problems;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WhiteningReport;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.CgLoraStart.Arithmetic;
import cglora.models.training.CgLoraStart.Sample;
import cglora.models.training.CgLoraStart.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// Curvature-guided starts of a small BERT, from the calibration to the adapters' values.
final class EngineStarts {
    private static final int RANK = 2;

    private EngineStarts() {}

    /// @param changes  `s B A` of each layer
    /// @param roots    what training keeps of them, by the parameter's name
    /// @param warnings that the start gave
    record Started(
            Map<String, Matrix> changes,
            Map<String, float[]> roots,
            WhiteningReport report,
            Problems warnings) {}

    /// @param whitened whether training's coordinates are
    static Started start(Engine engine, Path model, Arithmetic arithmetic, boolean whitened)
            throws IOException {
        try (PretrainedModel checkpoint =
                        PretrainedModel.load(TinyBert.write(model, true).toString(), Map.of());
                Session session =
                        new Session(
                                engine,
                                new SequenceClassifier(
                                        checkpoint.encoder(),
                                        Pooling.MEAN,
                                        new Labels(List.of("0", "1"), false)),
                                checkpoint,
                                false)) {
            var random = new Random(13);
            float[] head = new float[2 * 12];
            for (int i = 0; i < head.length; i++) {
                head[i] = (float) random.nextGaussian();
            }
            session.write("classifier.weight", head);
            var layers = new ArrayList<LoraLayer>();
            for (LinearModule module : session.model().linearModules()) {
                layers.add(new LoraLayer(module, RANK, 2f, 0f, whitened));
            }
            Dataset data = data();
            List<Batch> batches = new Batcher(8, new int[] {8}, 0).sequential(data);
            var statistics =
                    new CalibrationPass(session, session.model().linearModules())
                            .factored(batches, FisherPasses.empirical(), data.size());
            var sample = new Sample(batches, data);
            var warnings = new Problems();
            AdapterStart.Result result =
                    new CgLoraStart(session, warnings, arithmetic)
                            .start(
                                    layers,
                                    new CgLoraInitializer(),
                                    statistics,
                                    Optional.empty(),
                                    new CgLoraStart.Search(Step.FIXED, sample, sample),
                                    0);
            return new Started(
                    changes(session, result), roots(session), result.whitening(), warnings);
        }
    }

    private static Dataset data() {
        var random = new Random(7);
        var tokens = new ArrayList<Tokens>();
        int[] labels = new int[40];
        for (int i = 0; i < labels.length; i++) {
            int length = 3 + random.nextInt(6);
            labels[i] = random.nextInt(2);
            tokens.add(new Tokens(random.ints(length, 1, 31).toArray(), new int[length], length));
        }
        return new Dataset(tokens, labels, new float[labels.length], 0, 8);
    }

    private static Map<String, Matrix> changes(Session session, AdapterStart.Result result) {
        var changes = new LinkedHashMap<String, Matrix>();
        Map<String, LoraFactors> effective = AdapterFactors.effective(session, result.shifted());
        for (LoraLayer layer : session.adapters().values()) {
            LinearModule module = layer.module();
            LoraFactors f = effective.get(module.name());
            changes.put(
                    module.name(),
                    Matrix.of(module.out(), RANK, f.loraB())
                            .times(Matrix.of(RANK, module.in(), f.loraA()))
                            .scaled(layer.scaling()));
        }
        return changes;
    }

    private static Map<String, float[]> roots(Session session) {
        var roots = new LinkedHashMap<String, float[]>();
        for (LoraLayer layer : session.adapters().values()) {
            if (layer.whitened()) {
                roots.put(layer.inputRoot(), session.read(layer.inputRoot()));
                roots.put(layer.outputRoot(), session.read(layer.outputRoot()));
            }
        }
        return roots;
    }
}
