package cglora.models.training;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.Damping;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.FiniteDifference;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// What calibration gathers of models whose loss has a term a token: they write, or give tokens a
/// class.
class TokenCalibrationTest {
    private static final FisherPasses LABELS = FisherPasses.empirical();
    private static final int EXAMPLES = 9;

    static final List<String> NAMES = TokenTasks.NAMES;

    private static FactoredKfac curvature(StatisticsSource source, String module) {
        return (FactoredKfac) source.take(module).curvature().orElseThrow();
    }

    /// `G = ΓᵀX / n` is what training computes for the weight itself, and the slope of the loss in
    /// float64.
    @ParameterizedTest
    @FieldSource("NAMES")
    void theGradientIsThatOfTheMeanLossOfAllTokens(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, true)) {
            Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
            List<LinearModule> modules = session.task().linearModules();
            var pass = new CalibrationPass(session, modules);
            StatisticsSource sums =
                    pass.gather(
                            Set.of(Need.GRADIENT), TokenTasks.batches(data, 2), LABELS, EXAMPLES);
            Map<String, TokenStatistics> rows =
                    pass.tokens(TokenTasks.batches(data, 4), LABELS, EXAMPLES);
            Batch all = TokenTasks.batches(data, EXAMPLES).getFirst();
            float[] weights = all.weights(1f / all.terms());
            var loss = new Float64Loss(session, all, weights, 0);
            var optimizer = new AdamW(FamilyReference.ADAM_W);
            session.training().prepare(optimizer, 1, 0, false);
            float[] result = session.training().train(all, weights, 0, optimizer.hyper(0, 1));
            assertThat((double) result[0]).isCloseTo(loss.value(), within(1e-5));
            var random = new SplittableRandom(3);
            double most = 0;
            for (LinearModule module : modules) {
                for (float g : session.training().gradient(module.weight())) {
                    most = Math.max(most, Math.abs(g));
                }
            }
            for (LinearModule module : modules) {
                Matrix expected =
                        Matrix.of(
                                module.out(),
                                module.in(),
                                session.training().gradient(module.weight()));
                Matrix G = sums.take(module.name()).gradient().orElseThrow();
                TokenStatistics t = rows.get(module.name());
                Matrix ofRows = t.Gamma().transposeTimes(t.X()).scaled(1.0 / all.terms());
                double bound = 1e-5 * expected.frobenius() + 1e-7 * most * expected.rows();
                assertThat(G.minus(expected).frobenius())
                        .as(module.name())
                        .isCloseTo(0, within(bound));
                assertThat(ofRows.minus(expected).frobenius())
                        .as("%s from its rows", module.name())
                        .isCloseTo(0, within(bound));
                int element = random.nextInt(module.out() * module.in());
                double slope =
                        FiniteDifference.along(
                                w -> loss.with(module.weight(), w),
                                loss.parameter(module.weight()),
                                FiniteDifference.coordinate(module.out() * module.in(), element))[
                                0];
                assertThat(G.values()[element])
                        .as("element %d of %s", element, module.name())
                        .isCloseTo(slope, within(1e-4 * Math.abs(slope) + 1e-6 * most));
            }
        }
    }

    /// Padding, of the texts and of the answers, and the split into batches change nothing; `A` is
    /// the mean over the tokens that pass through the layer, `S` that over the tokens asked for.
    @ParameterizedTest
    @FieldSource("NAMES")
    void factorsAreThoseOfTheRowsInFloat64(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
            List<LinearModule> modules = session.task().linearModules();
            var pass = new CalibrationPass(session, modules);
            List<Batch> small = TokenTasks.batches(data, 2);
            StatisticsSource factored = pass.factored(small, LABELS, EXAMPLES);
            StatisticsSource again = pass.factored(TokenTasks.batches(data, 16), LABELS, EXAMPLES);
            Map<String, TokenStatistics> rows = pass.tokens(small, LABELS, EXAMPLES);
            StatisticsSource sketched =
                    new SketchedPass(session, modules, 4).gather(small, EXAMPLES, 3);
            int asked = TokenTasks.asked(data);
            int read = data.tokens().stream().mapToInt(t -> t.inputIds().length).sum();
            Batch all = TokenTasks.batches(data, EXAMPLES).getFirst();
            var float64 = new Float64Loss(session, all, all.weights(1f), 0);
            for (LinearModule module : modules) {
                String m = module.name();
                assertThat(pass.stream(module)).as(m).isEqualTo(TokenTasks.stream(m));
                TokenStatistics t = rows.get(m);
                int expected =
                        switch (pass.stream(module)) {
                            case SOURCE -> read;
                            case TARGET -> asked;
                            case EXAMPLES -> EXAMPLES;
                        };
                assertThat(t.tokens()).as(m).isEqualTo(expected);
                Matrix A = t.X().transposeTimes(t.X()).scaled(1.0 / expected);
                Matrix S = t.Gamma().transposeTimes(t.Gamma()).scaled(1.0 / asked);
                Matrix G = t.Gamma().transposeTimes(t.X()).scaled(1.0 / asked);
                for (FactoredKfac f :
                        List.of(
                                curvature(factored, m),
                                curvature(again, m),
                                t.factored(WeightSharing.EXPAND))) {
                    assertClose(m + " A", f.A(), A, 1e-5);
                    assertClose(m + " S", f.S(), S, 1e-5);
                    assertClose(m + " G", f.G(), G, 1e-5);
                }
                var s = (SketchedKfac) sketched.take(m).curvature().orElseThrow();
                assertClose(m + " AΩ", s.AOmega(), A.times(s.Omega()), 1e-5);
                assertClose(m + " SΨ", s.SPsi(), S.times(s.Psi()), 1e-5);
                assertThat(s.traceA()).as(m).isCloseTo(A.trace(), within(1e-5 * A.trace()));
                assertClose(m + " A, float64", A, inputFactor(float64, module, pass, all), 1e-4);
            }
        }
    }

    /// `A` of the rows that the model in float64 gives the layer, padding left out.
    private static Matrix inputFactor(
            Float64Loss float64, LinearModule module, CalibrationPass pass, Batch batch) {
        double[] x = float64.input(module.name());
        int width = x.length / module.in() / batch.rows();
        int[] lengths = batch.lengths(pass.stream(module));
        Matrix sum = Matrix.zero(module.in(), module.in());
        int tokens = 0;
        for (int row = 0; row < batch.rows(); row++) {
            for (int token = 0; token < lengths[row]; token++) {
                int from = (row * width + token) * module.in();
                double[] one = Arrays.copyOfRange(x, from, from + module.in());
                Matrix X = Matrix.of(one);
                sum = sum.plus(X.transposeTimes(X));
                tokens++;
            }
        }
        return sum.scaled(1.0 / tokens);
    }

    /// A sample has the same share of each stream's tokens at most, and is the same in every layer.
    @Test
    void aSampleIsOfEachStream() {
        try (PretrainedModel checkpoint = TokenTasks.load("t5");
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
            List<LinearModule> modules = session.task().linearModules();
            var pass = new CalibrationPass(session, modules);
            int most = 12;
            List<Batch> batches = TokenTasks.batches(data, 4);
            var some = pass.tokens(batches, LABELS, EXAMPLES, most, 5);
            var all = pass.tokens(batches, LABELS, EXAMPLES);
            for (LinearModule module : modules) {
                TokenStatistics t = some.get(module.name());
                assertThat(t.tokens()).isEqualTo(most);
                assertThat(t.share()).isEqualTo((double) most / all.get(module.name()).tokens());
            }
            assertThat(some.get("decoder.block.1.layer.1.EncDecAttention.k").X())
                    .isEqualTo(some.get("decoder.block.0.layer.1.EncDecAttention.v").X());
        }
    }

    /// Both factors of shared weights: a row a sequence, in `A` its mean; sums of gradients are
    /// over the tokens that are asked for.
    @Test
    void reducedFactorsTakeASequenceForARow() {
        try (PretrainedModel checkpoint = TokenTasks.load("llama/causal");
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
            LinearModule module = session.task().linearModules().getLast();
            TokenStatistics t =
                    new CalibrationPass(session, List.of(module))
                            .tokens(TokenTasks.batches(data, 4), LABELS, EXAMPLES)
                            .get(module.name());
            Matrix A = Matrix.zero(module.in(), module.in());
            Matrix S = Matrix.zero(module.out(), module.out());
            for (int e = 0; e < EXAMPLES; e++) {
                Matrix x = Matrix.zero(1, module.in());
                Matrix g = Matrix.zero(1, module.out());
                for (int i = 0; i < t.tokens(); i++) {
                    if (t.example()[i] == e) {
                        x = x.plus(t.X().rows(i, 1));
                        g = g.plus(t.Gamma().rows(i, 1));
                    }
                }
                x = x.scaled(1.0 / data.tokens().length(e));
                A = A.plus(x.transposeTimes(x));
                S = S.plus(g.transposeTimes(g));
            }
            int asked = TokenTasks.asked(data);
            FactoredKfac reduced = t.factored(WeightSharing.REDUCE);
            assertClose("A", reduced.A(), A.scaled(1.0 / EXAMPLES), 1e-12);
            assertClose("S", reduced.S(), S.scaled(1.0 / asked), 1e-12);
            assertClose(
                    "M",
                    t.gram(WeightSharing.REDUCE).whitenedGradient(Damping.relative(1), 0.5, 0.5),
                    reduced.whitenedGradient(Damping.relative(1), 0.5, 0.5),
                    1e-9);
        }
    }

    /// What a decoder reads stays; what it is asked for is drawn from its own predictions.
    @ParameterizedTest
    @FieldSource("NAMES")
    void tokensAreDrawnFromTheModelsOwnPredictions(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, 1);
            Batch batch = TokenTasks.repeated(data, 64);
            int passes = 60;
            int draws = passes * batch.rows();
            int width = batch.target().width();
            var random = new SplittableRandom(11);
            int[][] counts = new int[width][checkpoint.body().vocabularySize()];
            for (int i = 0; i < passes; i++) {
                Batch drawn =
                        FisherPasses.ofTokens(session, List.of(batch), random)
                                .passes()
                                .getFirst()
                                .batches()
                                .getFirst();
                assertThat(drawn.target().tokens()).isEqualTo(batch.target().tokens());
                for (int t = 0; t < batch.rows() * width; t++) {
                    if (batch.target().tokens()[t] < 0) {
                        assertThat(drawn.target().labels()[t]).isNegative();
                    } else {
                        counts[t % width][drawn.target().labels()[t]]++;
                    }
                }
            }
            Evaluator.Scores scores = session.evaluator().scores(batch);
            for (int t = 0; t < batch.target().length(0); t++) {
                if (batch.target().tokens()[t] < 0) {
                    continue;
                }
                double[] p = Softmax.probabilities(scores.row(t), 0);
                for (int c = 0; c < p.length; c++) {
                    double sd = Math.sqrt(draws * p[c] * (1 - p[c]));
                    assertThat((double) counts[t][c])
                            .as("token %d at place %d, p %s", c, t, p[c])
                            .isCloseTo(draws * p[c], within(5 * sd + 3));
                }
            }
        }
    }

    /// `S` of drawn tokens is that of an empirical pass with these for answers, where the model
    /// reads the answers that the data have.
    @ParameterizedTest
    @FieldSource("NAMES")
    void theCurvatureOfDrawnTokensIsThatOfTheirLoss(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
            var pass = new CalibrationPass(session, session.task().linearModules());
            List<Batch> batches = TokenTasks.batches(data, 4);
            FisherPasses mc = FisherPasses.ofTokens(session, batches, new SplittableRandom(2));
            List<Batch> drawn = mc.passes().getFirst().batches();
            StatisticsSource both = pass.factored(batches, mc, EXAMPLES);
            StatisticsSource own = pass.factored(batches, LABELS, EXAMPLES);
            StatisticsSource ofDrawn = pass.factored(drawn, LABELS, EXAMPLES);
            var rows = pass.tokens(batches, mc, EXAMPLES);
            for (String m : both.modules()) {
                FactoredKfac f = curvature(both, m);
                Matrix S = curvature(ofDrawn, m).S();
                FactoredKfac empirical = curvature(own, m);
                assertClose(m + " S", f.S(), S, 1e-6);
                assertClose(m + " G", f.G(), empirical.G(), 1e-6);
                assertClose(m + " A", f.A(), empirical.A(), 1e-6);
                assertClose(m + " rows", rows.get(m).factored(WeightSharing.EXPAND).S(), S, 1e-5);
                assertThat(S.minus(empirical.S()).frobenius())
                        .as(m)
                        .isGreaterThan(1e-3 * S.frobenius());
            }
        }
    }
}
