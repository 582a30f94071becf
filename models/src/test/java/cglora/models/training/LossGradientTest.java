package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.check.Float64;
import cglora.kernels.engine.JvmEngine;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Whitening;
import cglora.models.data.Batch;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.FiniteDifference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The gradient that a training step of a small BERT computes, for every parameter that it trains,
/// against central differences of the same model's loss in float64.
class LossGradientTest {
    private static final int SEED = 12_345;

    /// Of a derivative's scale: the sum of its terms, and the mean element of the gradient. Three
    /// times the largest error seen, 3.3e-6.
    private static final double RELATIVE = 1e-5;

    /// Of the largest element of any parameter's gradient: what rounding leaves of the gradient of
    /// a key's bias, which is 0 in exact arithmetic. The largest seen is 3.3e-8.
    private static final double FLOOR = 2e-7;

    /// How a small BERT is trained.
    ///
    /// @param adapted the adapters on all its layers are trained, else its body
    private record Setting(
            String name,
            Pooling pooling,
            Labels labels,
            boolean adapted,
            float dropout,
            Whitening whitening) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Setting> settings() {
        var classes = new Labels(List.of("a", "b", "c"), false);
        Labels number = Labels.ofRegression();
        return Stream.of(
                new Setting("LoRA", Pooling.MEAN, classes, true, 0f, null),
                new Setting("LoRA, dropout", Pooling.CLS, classes, true, 0.3f, null),
                new Setting("LoRA, regression", Pooling.POOLER, number, true, 0f, null),
                new Setting("whitened", Pooling.MEAN, classes, true, 0f, Whitening.WHOLE),
                new Setting(
                        "whitened, dropout", Pooling.POOLER, classes, true, 0.3f, Whitening.WHOLE),
                new Setting(
                        "whitened by 5 eigenvectors",
                        Pooling.MEAN,
                        classes,
                        true,
                        0f,
                        new Whitening(5, 0.5, 0.5, 0.7f, 1.3f)),
                new Setting("full", Pooling.POOLER, classes, false, 0f, null),
                new Setting("full, regression", Pooling.MEAN, number, false, 0f, null));
    }

    /// Three sequences, two of them padded, and an empty row.
    private static Batch batch() {
        int width = 7;
        int[] lengths = {7, 4, 1, 0};
        var random = new Random(2);
        int[] ids = random.ints(4 * width, 1, 31).toArray();
        int[] types = random.ints(4 * width, 0, 2).toArray();
        return new Batch(
                4,
                width,
                new int[] {0, 1, 2},
                ids,
                types,
                lengths,
                new int[] {2, 0, 1, -1},
                new float[] {0.5f, -1.5f, 2f, 0f});
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void equalsCentralDifferencesOfFloat64(Setting setting, @TempDir Path folder)
            throws IOException {
        Path path = TinyBert.writeWithPooler(folder);
        try (PretrainedModel checkpoint = PretrainedModel.load(path.toString(), Map.of());
                Session session = session(setting, checkpoint)) {
            var optimizer = new AdamW(new AdamW.Settings(0.9, 0.999, 1e-8, 1));
            session.training().prepare(optimizer, 1, 0, false);
            float[] weights = {0.5f, 0.3f, 0.2f, 0f};
            var loss = new Float64Loss(session, batch(), weights, SEED);
            float[] result =
                    session.training().train(batch(), weights, SEED, optimizer.hyper(1e-3, 1));
            assertThat((double) result[0]).isCloseTo(loss.value(), within(1e-5));
            var gradients = new HashMap<String, float[]>();
            double largest = 0;
            for (ParameterSpec spec : trained(session, setting)) {
                float[] gradient = session.training().gradient(spec.name());
                gradients.put(spec.name(), gradient);
                for (float g : gradient) {
                    largest = Math.max(largest, Math.abs(g));
                }
            }
            assertThat(gradients.values().stream().mapToLong(g -> g.length).sum())
                    .isEqualTo(session.training().trainedParameters());
            for (Map.Entry<String, float[]> entry : gradients.entrySet()) {
                check(entry.getKey(), Float64.of(entry.getValue()), loss, largest);
            }
        }
    }

    /// Along the gradient itself, random signs and single coordinates.
    private static void check(String name, double[] gradient, Float64Loss loss, double largest) {
        int n = gradient.length;
        var random = new Random(name.hashCode());
        var directions = new ArrayList<double[]>();
        if (norm(gradient) > 0) {
            directions.add(gradient);
        }
        for (int i = 0; i < 3; i++) {
            directions.add(Float64.vector(n, _ -> random.nextBoolean() ? 1 : -1));
        }
        for (int i = 0; i < 6; i++) {
            directions.add(FiniteDifference.coordinate(n, random.nextInt(n)));
        }
        for (double[] direction : directions) {
            double[] unit = Float64.scale(1 / norm(direction), direction);
            double expected =
                    FiniteDifference.along(
                            elements -> loss.with(name, elements), loss.parameter(name), unit)[0];
            double actual = Float64.sum(n, i -> gradient[i] * unit[i]);
            double terms = Float64.sum(n, i -> Math.abs(gradient[i] * unit[i]));
            double scale = norm(gradient) / Math.sqrt(n) + terms;
            assertThat(actual)
                    .as("gradient of %s along %s", name, Arrays.toString(unit))
                    .isCloseTo(expected, within(RELATIVE * scale + FLOOR * largest));
        }
    }

    private static double norm(double[] x) {
        return Math.sqrt(Float64.sum(x.length, i -> x[i] * x[i]));
    }

    private static List<ParameterSpec> trained(Session session, Setting setting) {
        var specs = new ArrayList<>(session.model().headParameters());
        if (!setting.adapted()) {
            specs.addAll(session.model().bodyParameters());
        }
        for (LoraLayer layer : session.adapters().values()) {
            specs.add(ParameterSpec.matrix(layer.loraA(), layer.r(), layer.module().in()));
            specs.add(ParameterSpec.matrix(layer.loraB(), layer.module().out(), layer.r()));
        }
        return specs;
    }

    private static Session session(Setting setting, PretrainedModel checkpoint) {
        var model =
                new SequenceClassifier(checkpoint.encoder(), setting.pooling(), setting.labels());
        var session = new Session(new JvmEngine(2), model, checkpoint, !setting.adapted());
        var random = new Random(3);
        for (ParameterSpec spec : model.headParameters()) {
            write(session, spec.name(), (int) spec.size(), random);
        }
        if (!setting.adapted()) {
            return session;
        }
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : model.linearModules()) {
            layers.add(new LoraLayer(module, 3, 2f, setting.dropout(), setting.whitening()));
        }
        session.addAdapters(layers);
        for (LoraLayer layer : layers) {
            int in = layer.module().in();
            int out = layer.module().out();
            write(session, layer.loraA(), layer.r() * in, random);
            write(session, layer.loraB(), out * layer.r(), random);
            if (layer.whitened()) {
                write(session, layer.inputRoot(), in * layer.whitening().columns(in), random);
                write(session, layer.outputRoot(), out * layer.whitening().columns(out), random);
            }
        }
        return session;
    }

    private static void write(Session session, String parameter, int length, Random random) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = 0.3f * (float) random.nextGaussian();
        }
        session.write(parameter, values);
    }
}
