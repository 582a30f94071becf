package cglora.models.training;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import cglora.models.linalg.SymmetricEigen;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/// A linear head fitted on frozen features before any adapter starts: a random head points the
/// body's gradient at its own noise, a zero head gives it none.
///
/// Classification minimises mean cross-entropy + `(ℓ₂/2)‖W‖² + 0.0005 ‖b‖²`, regression mean
/// `(f − y)² + (ℓ₂/2)‖W‖²`. The bias `b` is only held: that of a class without examples would go
/// to −∞, and no two machines stop it at the same place. `ℓ₂` is the candidate with the lowest loss
/// on
/// held-out features: the right one depends on the task.
///
/// @param l2Candidates `ℓ₂ > 0`, unit of the loss over the squared weight; one candidate fixes
///     it
/// @param going        run before every evaluation of the loss; what it throws ends the fit
/// @param biased       whether there is a bias; else it is 0
public record HeadWarmup(List<Double> l2Candidates, Runnable going, boolean biased) {
    /// What [#defaults] chooses from.
    public static final List<Double> L2_CANDIDATES = List.of(0.3, 0.1, 0.03, 0.01, 0.003, 0.001);

    private static final int MAX_ITERATIONS = 300;
    private static final double GRADIENT_TOLERANCE = 1e-8;

    /// Penalty on a classifier's bias.
    private static final double BIAS_L2 = 1e-3;

    public HeadWarmup {
        l2Candidates = List.copyOf(l2Candidates);
        if (l2Candidates.isEmpty()
                || l2Candidates.stream().anyMatch(l2 -> !(l2 > 0) || l2.isInfinite())) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "ℓ₂ candidates " + l2Candidates + ", expected numbers > 0",
                    "leave the setting out to choose from " + L2_CANDIDATES);
        }
    }

    /// A fit that goes on to its end.
    public HeadWarmup(List<Double> l2Candidates) {
        this(l2Candidates, () -> {}, true);
    }

    /// Chooses `ℓ₂` from [#L2_CANDIDATES].
    public static HeadWarmup defaults() {
        return new HeadWarmup(L2_CANDIDATES);
    }

    /// One `ℓ₂`.
    public static HeadWarmup fixed(double l2) {
        return new HeadWarmup(List.of(l2));
    }

    /// The same, asking before every evaluation of the loss whether to go on.
    public HeadWarmup asking(Runnable going) {
        return new HeadWarmup(l2Candidates, going, biased);
    }

    /// The same for a head without a bias.
    public HeadWarmup withoutBias() {
        return new HeadWarmup(l2Candidates, going, false);
    }

    /// A fitted head, `logits = W · features + bias`.
    ///
    /// @param weight      `W` [classes, d], row-major; [1, d] for regression
    /// @param bias        [classes]
    /// @param l2          the chosen `ℓ₂`
    /// @param trainLoss   mean loss on the fitted examples, without the penalty
    /// @param heldOutLoss mean loss on the held-out examples; NaN when there were none
    public record Head(
            float[] weight, float[] bias, double l2, double trainLoss, double heldOutLoss) {
        public Head {
            requireNonNull(weight, "weight");
            requireNonNull(bias, "bias");
        }
    }

    private record Fit(Matrix weight, double[] bias) {
        /// [examples, classes].
        Matrix logits(Matrix features) {
            Matrix logits = features.timesTransposed(weight);
            int classes = bias.length;
            for (int i = 0; i < logits.values().length; i++) {
                logits.values()[i] += bias[i % classes];
            }
            return logits;
        }
    }

    /// What a classifier's fit holds at its largest, in bytes: features in float32 and float64, the
    /// logits and what becomes of them, and parameters with their latest steps and slopes.
    ///
    /// @param fitted  examples
    /// @param heldOut other examples
    public static long bytes(long fitted, long heldOut, long features, long classes) {
        long parameters = (features + 1) * classes;
        return (Float.BYTES + Double.BYTES) * (fitted + heldOut) * features
                + Double.BYTES * (2 * fitted * classes + Lbfgs.VECTORS * parameters);
    }

    /// Multinomial logistic regression by L-BFGS.
    ///
    /// @param features       [examples][d]
    /// @param labels         [examples] 0 … classes − 1
    /// @param heldOut        [other examples][d]; may be empty when `ℓ₂` is fixed
    /// @param heldOutLabels  [other examples]
    /// @throws CgloraException N-STATISTICS when a feature is not finite
    public Head classification(
            float[][] features, int[] labels, int classes, float[][] heldOut, int[] heldOutLabels) {
        requireLabels(features.length, labels, classes);
        requireLabels(heldOut.length, heldOutLabels, classes);
        requireExamples(features);
        Matrix train = features(features);
        Matrix other = features(heldOut);
        return best(
                other.rows() > 0,
                l2 -> fitLogistic(train, labels, classes, l2),
                fit -> crossEntropy(fit.logits(train), labels),
                fit -> crossEntropy(fit.logits(other), heldOutLabels));
    }

    /// Ridge regression, in closed form.
    ///
    /// @param features       [examples][d]
    /// @param targets        [examples]
    /// @param heldOut        [other examples][d]; may be empty when `ℓ₂` is fixed
    /// @param heldOutTargets [other examples]
    /// @throws CgloraException N-STATISTICS when a feature is not finite
    public Head regression(
            float[][] features, float[] targets, float[][] heldOut, float[] heldOutTargets) {
        if (features.length != targets.length || heldOut.length != heldOutTargets.length) {
            throw new IllegalArgumentException(
                    "%d features for %d targets, held out %d for %d"
                            .formatted(
                                    features.length,
                                    targets.length,
                                    heldOut.length,
                                    heldOutTargets.length));
        }
        requireExamples(features);
        Matrix train = features(features);
        Matrix other = features(heldOut);
        var ridge = new Ridge(train, targets, biased);
        return best(
                other.rows() > 0,
                ridge::fit,
                fit -> squaredError(fit.logits(train), targets),
                fit -> squaredError(fit.logits(other), heldOutTargets));
    }

    private Head best(
            boolean hasHeldOut,
            DoubleFunction<Fit> fitWith,
            ToDoubleFunction<Fit> trainLoss,
            ToDoubleFunction<Fit> heldOutLoss) {
        if (!hasHeldOut && l2Candidates.size() > 1) {
            throw new IllegalArgumentException(
                    "choosing ℓ₂ needs held-out features; fix it to one value without them");
        }
        List<Head> heads = new ArrayList<>();
        for (double l2 : l2Candidates) {
            Fit fit = fitWith.apply(l2);
            heads.add(
                    new Head(
                            fit.weight.toFloats(),
                            Matrix.of(new double[][] {fit.bias}).toFloats(),
                            l2,
                            trainLoss.applyAsDouble(fit),
                            hasHeldOut ? heldOutLoss.applyAsDouble(fit) : Double.NaN));
        }
        Head best = heads.getFirst();
        for (Head head : heads) {
            if (head.heldOutLoss < best.heldOutLoss) {
                best = head;
            }
        }
        return best;
    }

    private Fit fitLogistic(Matrix features, int[] labels, int classes, double l2) {
        int d = features.columns();
        int examples = features.rows();
        // parameters: W row by row, then the bias
        Lbfgs.Objective objective =
                (x, gradient) -> {
                    going.run();
                    Fit fit = unpack(x, classes, d);
                    Matrix residual = fit.logits(features);
                    double loss = 0;
                    for (int e = 0; e < examples; e++) {
                        double[] logP = Softmax.logProbabilities(residual, e);
                        loss -= logP[labels[e]] / examples;
                        for (int c = 0; c < classes; c++) {
                            double target = c == labels[e] ? 1 : 0;
                            residual.values()[e * classes + c] =
                                    (Math.exp(logP[c]) - target) / examples;
                        }
                    }
                    Matrix slope = residual.transposeTimes(features);
                    for (int i = 0; i < classes * d; i++) {
                        gradient[i] = slope.values()[i] + l2 * x[i];
                        loss += l2 / 2 * x[i] * x[i];
                    }
                    for (int c = 0; biased && c < classes; c++) {
                        double sum = 0;
                        for (int e = 0; e < examples; e++) {
                            sum += residual.get(e, c);
                        }
                        double bias = x[classes * d + c];
                        gradient[classes * d + c] = sum + BIAS_L2 * bias;
                        loss += BIAS_L2 / 2 * bias * bias;
                    }
                    return loss;
                };
        Lbfgs.Result result =
                Lbfgs.minimize(
                        objective,
                        new double[classes * d + classes],
                        MAX_ITERATIONS,
                        GRADIENT_TOLERANCE);
        return unpack(result.x(), classes, d);
    }

    private static Fit unpack(double[] x, int classes, int d) {
        double[] weight = new double[classes * d];
        double[] bias = new double[classes];
        System.arraycopy(x, 0, weight, 0, weight.length);
        System.arraycopy(x, weight.length, bias, 0, classes);
        return new Fit(new Matrix(classes, d, weight), bias);
    }

    /// `w = (C + ℓ₂/2 · I)⁻¹ c` with `C` the covariance of the features and `c` that of
    /// features and targets; one eigendecomposition serves every `ℓ₂`.
    private static final class Ridge {
        private final double[] means;
        private final double targetMean;
        private final SymmetricEigen covariance;
        private final Matrix cross;

        /// @param centring whether means are taken off, which is what a bias does
        Ridge(Matrix features, float[] targets, boolean centring) {
            int n = features.rows();
            int d = features.columns();
            this.means = new double[d];
            double sum = 0;
            for (int e = 0; e < n; e++) {
                sum += targets[e];
                for (int j = 0; j < d; j++) {
                    means[j] += features.get(e, j) / n;
                }
            }
            this.targetMean = centring ? sum / n : 0;
            if (!centring) {
                Arrays.fill(means, 0);
            }
            Matrix centred = Matrix.zero(n, d);
            Matrix y = Matrix.zero(n, 1);
            for (int e = 0; e < n; e++) {
                y.values()[e] = targets[e] - targetMean;
                for (int j = 0; j < d; j++) {
                    centred.values()[e * d + j] = features.get(e, j) - means[j];
                }
            }
            this.covariance = SymmetricEigen.of(centred.transposeTimes(centred).scaled(1.0 / n));
            this.cross = centred.transposeTimes(y).scaled(1.0 / n);
        }

        Fit fit(double l2) {
            Matrix w = covariance.applyPower(l2 / 2, -1, cross).transpose();
            double bias = targetMean;
            for (int j = 0; j < means.length; j++) {
                bias -= w.get(0, j) * means[j];
            }
            return new Fit(w, new double[] {bias});
        }
    }

    private static double crossEntropy(Matrix logits, int[] labels) {
        double loss = 0;
        for (int e = 0; e < labels.length; e++) {
            loss -= Softmax.logProbabilities(logits, e)[labels[e]] / labels.length;
        }
        return loss;
    }

    private static double squaredError(Matrix predictions, float[] targets) {
        double loss = 0;
        for (int e = 0; e < targets.length; e++) {
            double error = predictions.get(e, 0) - targets[e];
            loss += error * error / targets.length;
        }
        return loss;
    }

    private static Matrix features(float[][] features) {
        Matrix matrix = Matrix.of(features);
        if (!matrix.isFinite()) {
            throw new CgloraException(
                    ErrorCode.N_STATISTICS,
                    "head",
                    "the features of the head warm-up hold infinities or NaN",
                    "look for a diverged or broken base model");
        }
        return matrix;
    }

    private static void requireExamples(float[][] features) {
        if (features.length == 0) {
            throw new IllegalArgumentException("no examples to fit the head on");
        }
    }

    private static void requireLabels(int examples, int[] labels, int classes) {
        if (labels.length != examples) {
            throw new IllegalArgumentException(
                    "%d labels for %d examples".formatted(labels.length, examples));
        }
        for (int label : labels) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException(
                        "label %d, expected 0 … %d".formatted(label, classes - 1));
            }
        }
    }
}
