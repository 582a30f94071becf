package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.FisherType;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationPassTest {
    private static final FisherPasses LABELS = FisherPasses.empirical();

    @TempDir Path folder;

    private static Dataset data(int examples) {
        var random = new Random(9);
        var tokens = new ArrayList<Tokens>();
        int[] labels = new int[examples];
        for (int i = 0; i < examples; i++) {
            int length = 1 + random.nextInt(8);
            tokens.add(new Tokens(random.ints(length, 1, 31).toArray(), new int[length], length));
            labels[i] = random.nextInt(3);
        }
        return new Dataset(tokens, labels, new float[examples], 0, 8);
    }

    private Session session(PretrainedModel checkpoint) {
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(),
                        checkpoint.hasPooler() ? Pooling.POOLER : Pooling.MEAN,
                        new Labels(List.of("a", "b", "c"), false));
        var session = new Session(new JvmEngine(2), model, checkpoint, false);
        var random = new Random(4);
        float[] head = new float[3 * 12];
        for (int i = 0; i < head.length; i++) {
            head[i] = (float) random.nextGaussian();
        }
        session.write("classifier.weight", head);
        return session;
    }

    private static List<Batch> batches(Dataset data, int size) {
        return new Batcher(size, new int[] {4, 8}, 0).sequential(data);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void factorsAreThoseOfTheTokensAndDoNotDependOnBatchesOrPadding(boolean pooler)
            throws IOException {
        Dataset data = data(11);
        Path model = pooler ? TinyBert.writeWithPooler(folder) : TinyBert.write(folder, true);
        try (var checkpoint = PretrainedModel.load(model.toString(), Map.of());
                var session = session(checkpoint)) {
            var pass = new CalibrationPass(session, session.model().linearModules());
            List<Batch> small = batches(data, 2);
            List<Batch> large = batches(data, 16);
            StatisticsSource factored = pass.factored(small, LABELS, 11);
            StatisticsSource again = pass.factored(large, LABELS, 11);
            Map<String, TokenStatistics> tokens = pass.tokens(small, LABELS, 11);
            assertThat(factored.modules().contains("bert.pooler.dense")).isEqualTo(pooler);
            for (String name : factored.modules()) {
                var f = curvature(factored, name);
                var other = curvature(again, name);
                var reference = tokens.get(name).factored(WeightSharing.EXPAND);
                for (var pair :
                        List.of(
                                new Matrix[] {f.A(), reference.A()},
                                new Matrix[] {f.S(), reference.S()},
                                new Matrix[] {f.G(), reference.G()},
                                new Matrix[] {other.A(), reference.A()},
                                new Matrix[] {other.S(), reference.S()},
                                new Matrix[] {other.G(), reference.G()})) {
                    assertThat(pair[0].minus(pair[1]).frobenius())
                            .as(name)
                            .isCloseTo(0, within(1e-5 * pair[1].frobenius() + 1e-9));
                }
            }
        }
    }

    private static FactoredKfac curvature(StatisticsSource source, String module) {
        return (FactoredKfac) source.take(module).curvature().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sketchesAreThoseOfTheTokensAndDoNotDependOnBatchesOrPadding(boolean pooler)
            throws IOException {
        Dataset data = data(11);
        Path model = pooler ? TinyBert.writeWithPooler(folder) : TinyBert.write(folder, true);
        try (var checkpoint = PretrainedModel.load(model.toString(), Map.of());
                var session = session(checkpoint)) {
            var modules = session.model().linearModules();
            List<Batch> small = batches(data, 2);
            List<Batch> large = batches(data, 16);
            StatisticsSource sketched = new SketchedPass(session, modules, 4).gather(small, 11, 3);
            var kept = sketched.keep();
            StatisticsSource again = new SketchedPass(session, modules, 4).gather(large, 11, 3);
            Map<String, TokenStatistics> tokens =
                    new CalibrationPass(session, modules)
                            .tokens(small, FisherPasses.empirical(), 11);
            for (String name : sketched.modules()) {
                FactoredKfac f = tokens.get(name).factored(WeightSharing.EXPAND);
                for (StatisticsSource source : List.of(sketched, again, kept.get())) {
                    var s = (SketchedKfac) source.take(name).curvature().orElseThrow();
                    assertThat(s.Omega().columns()).isEqualTo(4);
                    for (var pair :
                            List.of(
                                    new Matrix[] {s.AOmega(), f.A().times(s.Omega())},
                                    new Matrix[] {s.SPsi(), f.S().times(s.Psi())},
                                    new Matrix[] {s.G(), f.G()})) {
                        assertThat(pair[0].minus(pair[1]).frobenius())
                                .as(name)
                                .isCloseTo(0, within(1e-5 * pair[1].frobenius() + 1e-9));
                    }
                    assertThat(s.traceA()).isCloseTo(f.traceA(), within(1e-5 * f.traceA()));
                    assertThat(s.traceS()).isCloseTo(f.traceS(), within(1e-5 * f.traceS() + 1e-12));
                }
            }
        }
    }

    @Test
    void onlyWhatIsAskedForIsGathered() throws IOException {
        Dataset data = data(7);
        try (var checkpoint =
                        PretrainedModel.load(TinyBert.write(folder, true).toString(), Map.of());
                var session = session(checkpoint)) {
            var pass = new CalibrationPass(session, session.model().linearModules());
            List<Batch> batches = batches(data, 3);
            StatisticsSource all = pass.factored(batches, LABELS, 7);
            StatisticsSource gradients = pass.gather(Set.of(Need.GRADIENT), batches, LABELS, 7);
            StatisticsSource inputs = pass.gather(Set.of(Need.INPUT_FACTOR), batches, LABELS, 7);
            for (String name : all.modules()) {
                FactoredKfac expected = curvature(all, name);
                var gradient = gradients.take(name);
                var input = inputs.take(name);
                assertThat(gradient.gradient()).as(name).contains(expected.G());
                assertThat(gradient.inputFactor()).isEmpty();
                assertThat(gradient.curvature()).isEmpty();
                assertThat(input.inputFactor()).as(name).contains(expected.A());
                assertThat(input.gradient()).isEmpty();
            }
            assertThat(
                            pass.sumBytes(Set.of(Need.GRADIENT))
                                    + pass.sumBytes(Set.of(Need.INPUT_FACTOR)))
                    .isLessThan(pass.sumBytes(Need.FACTORS));
        }
    }

    @Test
    void theMetricsFactorsAreThoseOfCalibrationAndCanBeReadTwice() throws IOException {
        Dataset data = data(7);
        try (var checkpoint =
                        PretrainedModel.load(
                                TinyBert.writeWithPooler(folder).toString(), Map.of());
                var session = session(checkpoint)) {
            var pass = new CalibrationPass(session, session.model().linearModules());
            List<Batch> batches = batches(data, 3);
            StatisticsSource all = pass.factored(batches, LABELS, 7);
            try (LayerFactors factors = pass.factors(batches, 7)) {
                assertThat(factors.modules()).isEqualTo(all.modules());
                for (String name : factors.modules()) {
                    FactoredKfac expected = curvature(all, name);
                    assertThat(factors.A(name)).as(name).isEqualTo(expected.A());
                    assertThat(factors.S(name)).as(name).isEqualTo(expected.S());
                    assertThat(factors.S(name)).as(name).isEqualTo(expected.S());
                }
            }
        }
    }

    /// The same tokens in every layer, also behind labels of the curvature; one row an example
    /// behind the pooling.
    @Test
    void aSampleOfTheTokensIsTheSameInEveryLayer() throws IOException {
        Dataset data = data(11);
        try (var checkpoint =
                        PretrainedModel.load(
                                TinyBert.writeWithPooler(folder).toString(), Map.of());
                var session = session(checkpoint)) {
            var pass = new CalibrationPass(session, session.model().linearModules());
            List<Batch> batches = batches(data, 4);
            FisherPasses exact =
                    FisherPasses.of(
                            FisherType.EXACT,
                            batches,
                            session.evaluator().evaluate(batches, 11),
                            false,
                            new Random(1));
            Map<String, TokenStatistics> all = pass.tokens(batches, exact, 11);
            Map<String, TokenStatistics> some = pass.tokens(batches, exact, 11, 9, 5);
            int tokens = batches.stream().mapToInt(Batch::tokens).sum();
            assertThat(tokens).isGreaterThan(20);
            List<Integer> places = null;
            for (String name : some.keySet()) {
                TokenStatistics kept = some.get(name);
                TokenStatistics whole = all.get(name);
                if (name.equals("bert.pooler.dense")) {
                    assertThat(kept).usingRecursiveComparison().isEqualTo(whole);
                    continue;
                }
                assertThat(kept.tokens()).as(name).isEqualTo(9);
                assertThat(kept.share()).isEqualTo(9.0 / tokens);
                var found = new ArrayList<Integer>();
                for (int row = 0; row < 9; row++) {
                    int at = found.isEmpty() ? 0 : found.getLast() + 1;
                    while (!whole.X().rows(at, 1).equals(kept.X().rows(row, 1))
                            || !whole.Gamma().rows(at, 1).equals(kept.Gamma().rows(row, 1))) {
                        at++;
                    }
                    found.add(at);
                    assertThat(kept.example()[row]).isEqualTo(whole.example()[at]);
                    for (int c = 0; c < 3; c++) {
                        assertThat(kept.GammaCurvature().rows(c * 9 + row, 1))
                                .isEqualTo(whole.GammaCurvature().rows(c * tokens + at, 1));
                    }
                }
                assertThat(found).as(name).isEqualTo(places == null ? found : places);
                places = found;
            }
            assertThat(pass.tokens(batches, exact, 11, 9, 5))
                    .usingRecursiveComparison()
                    .isEqualTo(some);
            assertThat(pass.tokens(batches, exact, 11, tokens, 5))
                    .usingRecursiveComparison()
                    .isEqualTo(all);
        }
    }

    @Test
    void theGradientIsThatOfTheMeanLoss() throws IOException {
        Dataset data = data(6);
        try (var checkpoint =
                        PretrainedModel.load(TinyBert.write(folder, false).toString(), Map.of());
                var session = session(checkpoint)) {
            var pass = new CalibrationPass(session, session.model().linearModules());
            List<Batch> all = batches(data, 6);
            StatisticsSource statistics = pass.factored(all, LABELS, 6);
            var random = new Random(8);
            for (String module :
                    List.of(
                            "bert.encoder.layer.0.attention.self.query",
                            "bert.encoder.layer.0.intermediate.dense",
                            "bert.encoder.layer.1.output.dense")) {
                Matrix G = curvature(statistics, module).G();
                float[] weight = session.read(module + ".weight");
                float[] direction = new float[weight.length];
                double expected = 0;
                double scale = 0;
                for (int i = 0; i < direction.length; i++) {
                    direction[i] = (float) random.nextGaussian();
                    expected += direction[i] * G.values()[i];
                    scale += Math.abs(direction[i] * G.values()[i]);
                }
                double h = 5e-3;
                double slope =
                        (loss(session, all, module, weight, direction, h)
                                        - loss(session, all, module, weight, direction, -h))
                                / (2 * h);
                session.write(module + ".weight", weight);
                assertThat(slope).as(module).isCloseTo(expected, within(5e-3 * scale + 1e-4));
            }
        }
    }

    private static double loss(
            Session session,
            List<Batch> batches,
            String module,
            float[] weight,
            float[] direction,
            double h) {
        float[] moved = weight.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += (float) (h * direction[i]);
        }
        session.write(module + ".weight", moved);
        return session.evaluator().evaluate(batches, 6).loss();
    }
}
