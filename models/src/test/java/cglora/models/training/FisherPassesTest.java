package cglora.models.training;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import cglora.kernels.engine.JvmEngine;
import cglora.models.adapter.StatisticsSource;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.FisherType;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `S` against the generalised Gauss–Newton matrix in float64, for every source of labels.
class FisherPassesTest {
    private static final int EXAMPLES = 11;
    private static final int HIDDEN = 12;
    private static final String POOLER = "bert.pooler.dense";

    @TempDir Path folder;

    private static Dataset data(int outputs) {
        var random = new SplittableRandom(9);
        var tokens = new ArrayList<Tokens>();
        int[] labels = new int[EXAMPLES];
        float[] targets = new float[EXAMPLES];
        for (int i = 0; i < EXAMPLES; i++) {
            int length = random.nextInt(1, 9);
            tokens.add(new Tokens(random.ints(length, 1, 31).toArray(), new int[length], length));
            labels[i] = random.nextInt(outputs);
            targets[i] = (float) random.nextGaussian();
        }
        return new Dataset(tokens, labels, targets, 0, 8);
    }

    private static List<Batch> batches(Dataset data, int size) {
        return new Batcher(size, new int[] {4, 8}, 0).sequential(data);
    }

    /// @param outputs classes, or 1 for a regression
    private Session session(PretrainedModel checkpoint, int outputs) {
        var names = IntStream.range(0, outputs).mapToObj(i -> "class " + i).toList();
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(), Pooling.POOLER, new Labels(names, outputs == 1));
        var session = new Session(new JvmEngine(2), model, checkpoint, false);
        var random = new SplittableRandom(4);
        float[] head = new float[outputs * HIDDEN];
        for (int i = 0; i < head.length; i++) {
            head[i] = (float) random.nextGaussian();
        }
        session.write("classifier.weight", head);
        return session;
    }

    private PretrainedModel checkpoint() throws IOException {
        return PretrainedModel.load(TinyBert.writeWithPooler(folder).toString(), Map.of());
    }

    /// `(1/n) Σₑ Jₑᵀ Hₑ Jₑ` at the pooler: `f = tanh(y)` and `logits = W f + b`, so `J` is
    /// `W diag(1 − f²)`.
    private static Matrix reference(Session session, List<Batch> batches, int outputs) {
        float[][] features = session.evaluator().features(batches, EXAMPLES);
        Matrix logits = Matrix.of(session.evaluator().evaluate(batches, EXAMPLES).logits());
        Matrix W = Matrix.of(outputs, HIDDEN, session.read("classifier.weight"));
        Matrix sum = Matrix.zero(HIDDEN, HIDDEN);
        for (int e = 0; e < EXAMPLES; e++) {
            double[] slope = new double[HIDDEN];
            for (int i = 0; i < HIDDEN; i++) {
                slope[i] = 1 - (double) features[e][i] * features[e][i];
            }
            Matrix J = W.scaledColumns(slope);
            Matrix H = Matrix.zero(outputs, outputs);
            double[] p = Softmax.probabilities(logits, e);
            for (int a = 0; a < outputs; a++) {
                for (int b = 0; b < outputs; b++) {
                    H.values()[a * outputs + b] =
                            outputs == 1 ? 2 : (a == b ? p[a] : 0) - p[a] * p[b];
                }
            }
            sum = sum.plus(J.transposeTimes(H.times(J)));
        }
        return sum.scaled(1.0 / EXAMPLES);
    }

    private static FisherPasses passes(
            Session session, FisherType type, List<Batch> batches, long seed) {
        return FisherPasses.of(
                type,
                batches,
                session.evaluator().evaluate(batches, EXAMPLES),
                session.model().labels().regression(),
                new SplittableRandom(seed));
    }

    private static FactoredKfac curvature(StatisticsSource source, String module) {
        return (FactoredKfac) source.take(module).curvature().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void exactIsTheGeneralisedGaussNewtonMatrix(int outputs) throws IOException {
        Dataset data = data(outputs);
        try (var checkpoint = checkpoint();
                var session = session(checkpoint, outputs)) {
            List<Batch> batches = batches(data, 4);
            Matrix expected = reference(session, batches, outputs);
            FisherPasses exact = passes(session, FisherType.EXACT, batches, 1);
            assertThat(exact.passes()).hasSize(outputs <= 2 ? 1 : outputs);
            var pass = new CalibrationPass(session, session.model().linearModules());
            FactoredKfac factors = curvature(pass.factored(batches, exact, EXAMPLES), POOLER);
            assertClose("S", factors.S(), expected, 1e-5);
            // the gradient stays that of the data's labels
            FactoredKfac empirical =
                    curvature(pass.factored(batches, FisherPasses.empirical(), EXAMPLES), POOLER);
            assertThat(factors.G()).isEqualTo(empirical.G());
            assertThat(factors.S().minus(empirical.S()).frobenius())
                    .isGreaterThan(0.05 * expected.frobenius());
        }
    }

    /// The tokens' gradients with every label, each weighted by `p_c` in float64.
    @Test
    void exactSumsAllLabelsByTheirProbabilitiesInEveryLayerAndForm() throws IOException {
        int classes = 3;
        Dataset data = data(classes);
        try (var checkpoint = checkpoint();
                var session = session(checkpoint, classes)) {
            List<Batch> batches = batches(data, 4);
            Matrix logits = Matrix.of(session.evaluator().evaluate(batches, EXAMPLES).logits());
            var pass = new CalibrationPass(session, session.model().linearModules());
            FisherPasses exact = passes(session, FisherType.EXACT, batches, 1);
            StatisticsSource factored = pass.factored(batches, exact, EXAMPLES);
            Map<String, TokenStatistics> tokens = pass.tokens(batches, exact, EXAMPLES);
            var labelled = new ArrayList<Map<String, TokenStatistics>>();
            for (int c = 0; c < classes; c++) {
                int[] labels = new int[EXAMPLES];
                Arrays.fill(labels, c);
                var relabelled =
                        batches.stream()
                                .map(b -> b.relabelled(labels, new float[EXAMPLES]))
                                .toList();
                labelled.add(pass.tokens(relabelled, FisherPasses.empirical(), EXAMPLES));
            }
            for (String name : factored.modules()) {
                TokenStatistics all = tokens.get(name);
                Matrix S = Matrix.zero(all.out(), all.out());
                for (int c = 0; c < classes; c++) {
                    Matrix Gamma = labelled.get(c).get(name).Gamma();
                    double[] share = new double[Gamma.rows()];
                    for (int t = 0; t < share.length; t++) {
                        share[t] = Softmax.probabilities(logits, all.example()[t])[c] / EXAMPLES;
                    }
                    S = S.plus(Gamma.transposeTimes(Gamma.scaledRows(share)));
                }
                FactoredKfac sums = curvature(factored, name);
                assertClose(name + " S, summed", sums.S(), S, 1e-5);
                assertClose(name + " S, tokens", all.factored(WeightSharing.EXPAND).S(), S, 1e-5);
                assertThat(all.gram(WeightSharing.EXPAND).traceS())
                        .as(name)
                        .isCloseTo(S.trace(), withinPercentage(1e-3));
            }
        }
    }

    /// Also for a regression, whose targets are drawn from the normal distribution that its loss
    /// stands for. Every example is there many times, and draws a label each time.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void theMeanOfManyDrawsTendsToExact(int outputs) throws IOException {
        Dataset data = data(outputs);
        try (var checkpoint = checkpoint();
                var session = session(checkpoint, outputs)) {
            Matrix expected = reference(session, batches(data, 16), outputs);
            assertThat(drawn(session, data, 1).minus(expected).frobenius())
                    .isGreaterThan(0.1 * expected.frobenius());
            assertThat(drawn(session, data, 200).minus(expected).frobenius())
                    .isLessThan(0.07 * expected.frobenius());
        }
    }

    private static Matrix drawn(Session session, Dataset data, int times) {
        Dataset many =
                data.select(IntStream.range(0, times * EXAMPLES).map(i -> i % EXAMPLES).toArray());
        List<Batch> batches = batches(many, 64);
        FisherPasses mc =
                FisherPasses.of(
                        FisherType.MC,
                        batches,
                        session.evaluator().evaluate(batches, many.size()),
                        session.model().labels().regression(),
                        new SplittableRandom(3));
        var pass =
                new CalibrationPass(
                        session, List.of(session.model().encoder().pooler().orElseThrow()));
        return curvature(pass.factored(batches, mc, many.size()), POOLER).S();
    }

    @Test
    void reducedSumsAreTakenForEachClassAlone() {
        // one example of two tokens, two gradients of the curvature each
        var X = Matrix.of(new double[][] {{1, 0}, {0, 1}});
        var Gamma = Matrix.of(new double[][] {{1}, {2}});
        var curvature = Matrix.of(new double[][] {{1}, {2}, {3}, {-5}});
        var tokens = new TokenStatistics(X, Gamma, curvature, new int[] {0, 0}, 1);
        assertThat(tokens.factored(WeightSharing.REDUCE).S().trace()).isEqualTo(9 + 4);
        assertThat(tokens.gram(WeightSharing.REDUCE).traceS()).isEqualTo(9 + 4);
        assertThat(tokens.factored(WeightSharing.EXPAND).S().trace()).isEqualTo(39);
        // ‖Γ_cᵀX‖² of both, over tr A = 1 and tr S = 39
        assertThat(tokens.tokenCorrelation()).isEqualTo((5.0 + 34) / 39);
    }
}
