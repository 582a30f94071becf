package cglora.models.training;

import cglora.models.adapter.StepCurve;
import cglora.models.adapter.StepSize;
import cglora.models.data.Dataset;
import cglora.models.linalg.Matrix;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleUnaryOperator;

/// The predictions of a model without a step and after a short one: what the length of the step is
/// derived from.
sealed interface StepProbe permits StepProbe.OfClasses, TokenProbe {
    /// The quadratic model along the direction.
    StepCurve curve();

    /// The loss without a step; [#curve] has been asked.
    double lossBefore();

    /// The loss of the linearised predictions, by the step size.
    ///
    /// @param candidates step sizes that it will be asked for
    DoubleUnaryOperator linearLoss(double[] candidates);

    /// @param epsilon size of the short step
    /// @param step    writes the adapters' factors for a step size
    static StepProbe of(
            Session session, CgLoraStart.Sample sample, double epsilon, DoubleConsumer step) {
        if (!(session.task() instanceof SequenceClassifier classifier)) {
            return new TokenProbe(session, sample.batches(), epsilon, step);
        }
        step.accept(0);
        Evaluation before = session.evaluator().evaluate(sample.batches(), sample.data().size());
        step.accept(epsilon);
        Evaluation moved = session.evaluator().evaluate(sample.batches(), sample.data().size());
        boolean regression = classifier.labels().regression();
        return new OfClasses(before, moved, epsilon, sample.data(), regression);
    }

    /// All predictions of a classifier or a regression.
    record OfClasses(
            Evaluation before, Evaluation moved, double epsilon, Dataset data, boolean regression)
            implements StepProbe {
        @Override
        public StepCurve curve() {
            return regression
                    ? StepSize.curve(logits(before), logits(moved), epsilon, data.targets())
                    : StepSize.curve(logits(before), logits(moved), epsilon, data.labels());
        }

        @Override
        public double lossBefore() {
            return before.loss();
        }

        @Override
        public DoubleUnaryOperator linearLoss(double[] candidates) {
            return regression
                    ? eta ->
                            StepSize.linearLoss(
                                    logits(before), logits(moved), epsilon, eta, data.targets())
                    : eta ->
                            StepSize.linearLoss(
                                    logits(before), logits(moved), epsilon, eta, data.labels());
        }

        private static Matrix logits(Evaluation evaluation) {
            return Matrix.of(evaluation.logits());
        }
    }
}
