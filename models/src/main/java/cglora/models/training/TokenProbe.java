package cglora.models.training;

import cglora.models.adapter.StepCurve;
import cglora.models.adapter.StepSize;
import cglora.models.data.Batch;
import cglora.models.linalg.Matrix;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/// The predictions of tokens. Their logits over the vocabulary are too many to be kept: batch by
/// batch both are made and summed up, two forward passes over the sample for each question.
final class TokenProbe implements StepProbe {
    private final Session session;
    private final List<Batch> batches;
    private final double epsilon;
    private final DoubleConsumer step;
    private double lossBefore = Double.NaN;

    /// @param step writes the adapters' factors for a step size
    TokenProbe(Session session, List<Batch> batches, double epsilon, DoubleConsumer step) {
        this.session = session;
        this.batches = batches;
        this.epsilon = epsilon;
        this.step = step;
    }

    /// What is made of one term.
    private interface Term<T> {
        /// @param before [1, classes] logits
        /// @param moved  [1, classes] after the short step
        T of(Matrix before, Matrix moved, int label);
    }

    /// What is made of a batch's terms, in their order.
    private interface Terms<T> {
        void add(Evaluator.Scores before, List<T> terms);
    }

    private <T> void pass(Term<T> term, Terms<T> terms) {
        session.evaluator().reserveScores(batches);
        for (Batch batch : batches) {
            step.accept(0);
            Evaluator.Scores before = session.evaluator().scores(batch);
            step.accept(epsilon);
            Evaluator.Scores moved = session.evaluator().scores(batch);
            int[] labels = batch.target().labels();
            terms.add(
                    before,
                    IntStream.range(0, labels.length)
                            .parallel()
                            .filter(i -> labels[i] >= 0)
                            .mapToObj(i -> term.of(before.row(i), moved.row(i), labels[i]))
                            .toList());
        }
    }

    @Override
    public StepCurve curve() {
        var sum = new StepCurve[] {StepCurve.ZERO};
        var loss = new double[1];
        var count = new long[1];
        pass(
                (before, moved, label) ->
                        StepCurve.ofCrossEntropy(before, moved, 0, epsilon, label),
                (before, terms) -> {
                    for (StepCurve term : terms) {
                        sum[0] = sum[0].plus(term);
                    }
                    for (float value : before.losses()) {
                        loss[0] += value;
                    }
                    count[0] += terms.size();
                });
        lossBefore = loss[0] / count[0];
        return sum[0];
    }

    /// The mean over the tokens; [#curve] has been asked.
    @Override
    public double lossBefore() {
        return lossBefore;
    }

    @Override
    public DoubleUnaryOperator linearLoss(double[] candidates) {
        double[] sums = new double[candidates.length];
        pass(
                (before, moved, label) ->
                        Arrays.stream(candidates)
                                .map(
                                        eta ->
                                                StepSize.linearLoss(
                                                        before,
                                                        moved,
                                                        epsilon,
                                                        eta,
                                                        new int[] {label}))
                                .toArray(),
                (_, terms) -> {
                    for (double[] losses : terms) {
                        for (int i = 0; i < sums.length; i++) {
                            sums[i] += losses[i];
                        }
                    }
                });
        Map<Double, Double> bySize = new HashMap<>();
        for (int i = 0; i < sums.length; i++) {
            bySize.put(candidates[i], sums[i]);
        }
        return bySize::get;
    }
}
