package cglora.models.training;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Continuation;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.FiniteDifference;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// What calibration gathers of conversations, in whose answers tokens of others stand that are read
/// and not asked for.
class ConversationCalibrationTest {
    private static final FisherPasses LABELS = FisherPasses.empirical();
    private static final int EXAMPLES = 9;

    static final List<String> NAMES = PackedTasks.NAMES;

    private static Session session(PretrainedModel checkpoint, boolean trainBody) {
        return TokenTasks.session(new JvmEngine(1), checkpoint, trainBody);
    }

    private static List<Batch> batches(Dataset data, int size) {
        return new Batcher(size, new int[] {7, 12}, 0, new int[] {4, 11}).sequential(data);
    }

    private static FactoredKfac curvature(StatisticsSource source, String module) {
        return (FactoredKfac) source.take(module).curvature().orElseThrow();
    }

    /// The same sequences with other answers, by the place of a token in its sequence.
    ///
    /// @param keep whether place `i` of an answer is asked for, with what stands there
    private static Dataset asking(Dataset data, AnswerFilter keep) {
        var answers = new ArrayList<int[]>();
        for (int e = 0; e < data.size(); e++) {
            int[] ids = data.tokens().get(e).inputIds();
            int[] answer = data.answers().get(e).clone();
            for (int i = 0; i < answer.length; i++) {
                int stands = ids[ids.length - answer.length + i];
                answer[i] = keep.asks(answer[i] >= 0, i == answer.length - 1) ? stands : -1;
            }
            answers.add(answer);
        }
        return data.answeredBy(answers);
    }

    private interface AnswerFilter {
        boolean asks(boolean asked, boolean last);
    }

    /// `G` of what is asked for is that of everything less that of what is masked: a masked token
    /// has no part in it. With it the mask of `S` is tested: its gradients are the same ones.
    @ParameterizedTest
    @FieldSource("NAMES")
    void maskedTokensHaveNoPartInTheGradient(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = session(checkpoint, false)) {
            Dataset data = PackedTasks.conversations(checkpoint, EXAMPLES);
            // the last token is asked for in both halves, so that both are as long as the whole
            Dataset all = asking(data, (_, _) -> true);
            Dataset others = asking(data, (asked, last) -> !asked || last);
            Dataset ends = asking(data, (_, last) -> last);
            int n = PackedTasks.asked(data);
            assertThat(PackedTasks.asked(others)).isGreaterThan(EXAMPLES);
            assertThat(n).isLessThan(PackedTasks.asked(all));
            var pass = new CalibrationPass(session, session.task().linearModules());
            for (LinearModule module : session.task().linearModules()) {
                String m = module.name();
                Matrix sum =
                        total(pass, all, m)
                                .minus(total(pass, others, m))
                                .plus(total(pass, ends, m));
                assertClose(m, total(pass, data, m), sum, 1e-5);
            }
        }
    }

    /// `n · G` of one layer.
    private static Matrix total(CalibrationPass pass, Dataset data, String module) {
        return curvature(pass.factored(batches(data, 4), LABELS, EXAMPLES), module)
                .G()
                .scaled(PackedTasks.asked(data));
    }

    /// `G` is the gradient that training has, and the slope of the mean loss of the tokens that are
    /// asked for, in float64.
    @ParameterizedTest
    @FieldSource("NAMES")
    void theGradientIsTheSlopeOfTheLossOfTheAssistantsTokens(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = session(checkpoint, true)) {
            Dataset data = PackedTasks.conversations(checkpoint, EXAMPLES);
            List<LinearModule> modules = session.task().linearModules();
            var pass = new CalibrationPass(session, modules);
            StatisticsSource sums = pass.factored(batches(data, 2), LABELS, EXAMPLES);
            Batch all = PackedTasks.unpacked(data);
            assertThat(all.terms()).isEqualTo(PackedTasks.asked(data));
            var loss = new Float64Loss(session, all, all.weights(1f / all.terms()), 0);
            PackedTasks.Step step = PackedTasks.Step.of(session, all);
            assertThat((double) step.result()[0]).isCloseTo(loss.value(), within(1e-5));
            var random = new SplittableRandom(3);
            for (LinearModule module : modules) {
                Matrix expected =
                        Matrix.of(module.out(), module.in(), step.gradients().get(module.weight()));
                Matrix G = curvature(sums, module.name()).G();
                assertClose(module.name(), G, expected, 1e-5);
                int element = random.nextInt(module.out() * module.in());
                double slope =
                        FiniteDifference.along(
                                w -> loss.with(module.weight(), w),
                                loss.parameter(module.weight()),
                                FiniteDifference.coordinate(module.out() * module.in(), element))[
                                0];
                assertThat(G.values()[element])
                        .as("element %d of %s", element, module.name())
                        .isCloseTo(
                                slope,
                                within(1e-4 * Math.abs(slope) + 1e-6 * expected.frobenius()));
            }
        }
    }

    /// `A` is the mean over all tokens that are read, `S` that over those that are asked for, in
    /// each form and however the batches are cut.
    @ParameterizedTest
    @FieldSource("NAMES")
    void factorsAreMeansOverWhatIsReadAndWhatIsAskedFor(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = session(checkpoint, false)) {
            Dataset data = PackedTasks.conversations(checkpoint, EXAMPLES);
            List<LinearModule> modules = session.task().linearModules();
            var pass = new CalibrationPass(session, modules);
            StatisticsSource factored = pass.factored(batches(data, 2), LABELS, EXAMPLES);
            StatisticsSource again = pass.factored(batches(data, 16), LABELS, EXAMPLES);
            Map<String, TokenStatistics> rows = pass.tokens(batches(data, 2), LABELS, EXAMPLES);
            StatisticsSource sketched =
                    new SketchedPass(session, modules, 4).gather(batches(data, 2), EXAMPLES, 3);
            int asked = PackedTasks.asked(data);
            int read = data.tokens().stream().mapToInt(t -> t.inputIds().length).sum();
            for (LinearModule module : modules) {
                String m = module.name();
                TokenStatistics t = rows.get(m);
                assertThat(t.tokens()).as(m).isEqualTo(read);
                Matrix A = t.X().transposeTimes(t.X()).scaled(1.0 / read);
                Matrix S = t.Gamma().transposeTimes(t.Gamma()).scaled(1.0 / asked);
                for (FactoredKfac f :
                        List.of(
                                curvature(factored, m),
                                curvature(again, m),
                                t.factored(WeightSharing.EXPAND))) {
                    assertClose(m + " A", f.A(), A, 1e-5);
                    assertClose(m + " S", f.S(), S, 1e-5);
                }
                var s = (SketchedKfac) sketched.take(m).curvature().orElseThrow();
                assertClose(m + " AΩ", s.AOmega(), A.times(s.Omega()), 1e-5);
                assertClose(m + " SΨ", s.SPsi(), S.times(s.Psi()), 1e-5);
            }
        }
    }

    /// A token is drawn from what the model says at its own place, whatever is masked in front of
    /// it; none is drawn for a place that is masked.
    @ParameterizedTest
    @FieldSource("NAMES")
    void tokensAreDrawnAtTheirOwnPlaces(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = session(checkpoint, false)) {
            int[] ids = {5, 9, 4, 7, 6, 8};
            int[] answer = {9, -1, -1, 6, 8};
            Dataset data =
                    Dataset.continued(
                            List.of(
                                    new Continuation(
                                            new Tokens(ids, new int[ids.length], ids.length),
                                            answer,
                                            false)));
            int rows = 64;
            int passes = 40;
            int draws = rows * passes;
            Batch batch =
                    new Batcher(rows, new int[] {8}, 0, new int[] {7}).batch(data, new int[rows]);
            var random = new SplittableRandom(11);
            int[][] counts = new int[7][checkpoint.body().vocabularySize()];
            for (int i = 0; i < passes; i++) {
                Batch drawn =
                        FisherPasses.ofTokens(session, List.of(batch), random)
                                .passes()
                                .getFirst()
                                .batches()
                                .getFirst();
                int[] labels = drawn.target().labels();
                for (int t = 0; t < labels.length; t++) {
                    int place = t % 7;
                    boolean asked = place < answer.length && answer[place] >= 0;
                    assertThat(labels[t] >= 0).isEqualTo(asked);
                    if (asked) {
                        counts[place][labels[t]]++;
                    }
                }
            }
            Evaluator.Scores scores = session.evaluator().scores(batch);
            for (int place : new int[] {0, 3, 4}) {
                assertThat(Arrays.stream(counts[place]).sum()).isEqualTo(draws);
                double[] p = Softmax.probabilities(scores.row(place), 0);
                for (int c = 0; c < p.length; c++) {
                    double sd = Math.sqrt(draws * p[c] * (1 - p[c]));
                    assertThat((double) counts[place][c])
                            .as("token %d at place %d, p %s", c, place, p[c])
                            .isCloseTo(draws * p[c], within(5 * sd + 3));
                }
            }
        }
    }
}
