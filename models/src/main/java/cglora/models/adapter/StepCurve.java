package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;

/// The quadratic model of a loss along a direction `D`, of one term or summed over several.
///
/// @param slope     `⟨∇L, D⟩`
/// @param curvature `dᵀHd`, `d` the change of the predictions along `D` and `H` the loss's second
///     derivative in them
public record StepCurve(double slope, double curvature) {
    /// Nothing yet.
    public static final StepCurve ZERO = new StepCurve(0, 0);

    /// The cross entropy of one row: `d = (f(εD) − f(0)) / ε`, `H = diag(p) − ppᵀ`,
    /// `⟨∇L, D⟩ = (p − y)·d`.
    ///
    /// @param logits        [rows, classes] at η = 0
    /// @param epsilonLogits [rows, classes] at η = ε
    public static StepCurve ofCrossEntropy(
            Matrix logits, Matrix epsilonLogits, int row, double epsilon, int label) {
        int classes = logits.columns();
        double[] p = Softmax.probabilities(logits, row);
        double[] d = new double[classes];
        double mean = 0;
        for (int c = 0; c < classes; c++) {
            d[c] = (epsilonLogits.get(row, c) - logits.get(row, c)) / epsilon;
            mean += p[c] * d[c];
        }
        double curvature = 0;
        for (int c = 0; c < classes; c++) {
            curvature += p[c] * (d[c] - mean) * (d[c] - mean);
        }
        return new StepCurve(mean - d[label], curvature);
    }

    public StepCurve plus(StepCurve other) {
        return new StepCurve(slope + other.slope, curvature + other.curvature);
    }

    /// Whether a short step along `D` lowers the loss and changes the predictions.
    public boolean descends() {
        double eta = -slope / curvature;
        return eta > 0 && !Double.isInfinite(eta);
    }

    /// `η = −⟨∇L, D⟩ / (dᵀHd)`.
    ///
    /// @throws CgloraException N-STEP when `D` does not lower the loss to first order, or does
    ///     not change the predictions
    public double minimiser() {
        if (!descends()) {
            throw new CgloraException(
                    ErrorCode.N_STEP,
                    "",
                    ("no step size: the slope along the step is %.3g and its curvature %.3g;"
                                    + " a step that helps has a negative slope")
                            .formatted(slope, curvature),
                    "gather more calibration examples or raise the damping");
        }
        return -slope / curvature;
    }
}
