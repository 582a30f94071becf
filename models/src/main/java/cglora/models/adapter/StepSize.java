package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// One step size η for the joint direction `D` of all layers.
///
/// @param eta        the step size
/// @param lossBefore at η = 0
/// @param trials     what was tried, in order
/// @param lowered    whether any trial had a loss below `lossBefore`; if none had, `eta` is the
///     shortest candidate, and the run record says so
public record StepSize(double eta, double lossBefore, List<Trial> trials, boolean lowered) {
    /// One candidate and its loss.
    public record Trial(double eta, double loss) {}

    /// Multiples of the quadratic step that the search tries, from long to short.
    private static final double[] MULTIPLES = {2, 1, 1.0 / 2, 1.0 / 4, 1.0 / 8, 1.0 / 16};

    public StepSize {
        trials = List.copyOf(trials);
    }

    /// The minimiser along `D` of the model with the true generalised Gauss–Newton matrix,
    /// `η = −⟨∇L, D⟩ / (dᵀHd)`, for cross-entropy: `d = (f(εD) − f(0)) / ε`,
    /// `H = diag(p) − ppᵀ`, `⟨∇L, D⟩ = (p − y)·d`, both as means over the examples. Two forward
    /// passes; every global error of scale in `D` cancels.
    ///
    /// @param logits        [examples, classes] at η = 0
    /// @param epsilonLogits [examples, classes] at η = ε
    /// @param epsilon       ε > 0, small against the weights: `max ‖εD‖/‖W‖` about 1e-3
    /// @param labels        [examples] classes
    /// @throws CgloraException N-STEP when `D` does not lower the loss to first order, or does
    ///     not change the predictions
    public static double quadratic(
            Matrix logits, Matrix epsilonLogits, double epsilon, int[] labels) {
        return curve(logits, epsilonLogits, epsilon, labels).minimiser();
    }

    /// The model that [#quadratic] is the minimiser of, summed over the examples.
    public static StepCurve curve(
            Matrix logits, Matrix epsilonLogits, double epsilon, int[] labels) {
        requireSame(logits, epsilonLogits, labels.length);
        StepCurve sum = StepCurve.ZERO;
        for (int e = 0; e < labels.length; e++) {
            sum = sum.plus(StepCurve.ofCrossEntropy(logits, epsilonLogits, e, epsilon, labels[e]));
        }
        return sum;
    }

    /// The same for the squared error `(f − y)²`: gradient `2 (f − y)`, `H = 2`.
    ///
    /// @param predictions        [examples, 1] at η = 0
    /// @param epsilonPredictions [examples, 1] at η = ε
    /// @param epsilon            ε > 0
    /// @param targets            [examples]
    /// @throws CgloraException N-STEP as for labels
    public static double quadratic(
            Matrix predictions, Matrix epsilonPredictions, double epsilon, float[] targets) {
        return curve(predictions, epsilonPredictions, epsilon, targets).minimiser();
    }

    /// The same model for the squared error.
    public static StepCurve curve(
            Matrix predictions, Matrix epsilonPredictions, double epsilon, float[] targets) {
        requireSame(predictions, epsilonPredictions, targets.length);
        if (predictions.columns() != 1) {
            throw new IllegalArgumentException(
                    predictions.columns() + " outputs, expected 1 for regression");
        }
        double slope = 0;
        double curvature = 0;
        for (int e = 0; e < targets.length; e++) {
            double d = (epsilonPredictions.get(e, 0) - predictions.get(e, 0)) / epsilon;
            slope += 2 * (predictions.get(e, 0) - targets[e]) * d;
            curvature += 2 * d * d;
        }
        return new StepCurve(slope, curvature);
    }

    /// The search on examples that neither the gradient nor the factors have seen: losses at
    /// the quadratic step × {2, 1, ½, ¼, ⅛, 1/16}; the best one, stopping when the loss rises
    /// again after it has fallen below that of no step. If none lowers it, the shortest, and
    /// `lowered` is false.
    ///
    /// @param quadratic the step of [#quadratic]
    /// @param lossAt    held-out loss for a step size; asked for 0 first. A loss that is not
    ///     finite counts as too high
    public static StepSize heldOut(double quadratic, DoubleUnaryOperator lossAt) {
        if (!(quadratic > 0) || Double.isInfinite(quadratic)) {
            throw new IllegalArgumentException(
                    "quadratic step " + quadratic + ", expected a number > 0");
        }
        double before = lossAt.applyAsDouble(0);
        if (!Double.isFinite(before)) {
            throw new CgloraException(
                    ErrorCode.N_STEP,
                    "",
                    "the held-out loss before the step is " + before,
                    "look for a diverged model or a broken head");
        }
        List<Trial> trials = new ArrayList<>();
        Trial best = new Trial(0, before);
        for (double multiple : MULTIPLES) {
            double eta = multiple * quadratic;
            var trial = new Trial(eta, lossAt.applyAsDouble(eta));
            trials.add(trial);
            if (trial.loss() < best.loss()) {
                best = trial;
            } else if (best.eta() > 0) {
                break;
            }
        }
        boolean lowered = best.eta() > 0;
        return new StepSize(lowered ? best.eta() : trials.getLast().eta(), before, trials, lowered);
    }

    /// The lengths that the search tries, from long to short.
    ///
    /// @param quadratic the step of [#quadratic]
    public static double[] candidates(double quadratic) {
        return Arrays.stream(MULTIPLES).map(multiple -> multiple * quadratic).toArray();
    }

    /// The same search, begun at the length that the linearised predictions say is best: with
    /// `f(η) ≈ f(0) + η d` known on the held-out examples, most lengths need no forward pass.
    /// Goes on to shorter ones until one lowers the loss.
    ///
    /// @param quadratic as for [#heldOut]
    /// @param before    held-out loss without a step
    /// @param predicted loss of the linearised predictions for a step size
    /// @param lossAt    held-out loss for a step size
    public static StepSize predicted(
            double quadratic,
            double before,
            DoubleUnaryOperator predicted,
            DoubleUnaryOperator lossAt) {
        int first = 0;
        for (int i = 1; i < MULTIPLES.length; i++) {
            if (predicted.applyAsDouble(MULTIPLES[i] * quadratic)
                    < predicted.applyAsDouble(MULTIPLES[first] * quadratic)) {
                first = i;
            }
        }
        List<Trial> trials = new ArrayList<>();
        for (int i = first; i < MULTIPLES.length; i++) {
            double eta = MULTIPLES[i] * quadratic;
            var trial = new Trial(eta, lossAt.applyAsDouble(eta));
            trials.add(trial);
            if (trial.loss() < before) {
                return new StepSize(eta, before, trials, true);
            }
        }
        return new StepSize(trials.getLast().eta(), before, trials, false);
    }

    /// Mean cross-entropy of `f(0) + η (f(ε) − f(0)) / ε`.
    ///
    /// @param logits        [examples, classes] at η = 0
    /// @param epsilonLogits [examples, classes] at η = ε
    public static double linearLoss(
            Matrix logits, Matrix epsilonLogits, double epsilon, double eta, int[] labels) {
        Matrix moved = linear(logits, epsilonLogits, epsilon, eta);
        double sum = 0;
        for (int e = 0; e < labels.length; e++) {
            sum -= Softmax.logProbabilities(moved, e)[labels[e]];
        }
        return sum / labels.length;
    }

    /// The same for the squared error.
    ///
    /// @param predictions        [examples, 1] at η = 0
    /// @param epsilonPredictions [examples, 1] at η = ε
    public static double linearLoss(
            Matrix predictions,
            Matrix epsilonPredictions,
            double epsilon,
            double eta,
            float[] targets) {
        Matrix moved = linear(predictions, epsilonPredictions, epsilon, eta);
        double sum = 0;
        for (int e = 0; e < targets.length; e++) {
            double error = moved.get(e, 0) - targets[e];
            sum += error * error;
        }
        return sum / targets.length;
    }

    private static Matrix linear(Matrix before, Matrix moved, double epsilon, double eta) {
        return before.plus(moved.minus(before).scaled(eta / epsilon));
    }

    private static void requireSame(Matrix logits, Matrix epsilonLogits, int examples) {
        if (logits.rows() != examples
                || epsilonLogits.rows() != examples
                || logits.columns() != epsilonLogits.columns()
                || examples == 0) {
            throw new IllegalArgumentException(
                    "logits %d × %d and %d × %d for %d examples"
                            .formatted(
                                    logits.rows(),
                                    logits.columns(),
                                    epsilonLogits.rows(),
                                    epsilonLogits.columns(),
                                    examples));
        }
    }
}
