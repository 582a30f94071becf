package cglora.models.curvature;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricSpectrum;

/// The inverse powers `Â^{-p_a}` [in, in] and `Ŝ^{-p_s}` [out, out] of one layer's damped
/// factors, applied without being formed.
public final class OperatorRoots {
    private final SymmetricSpectrum input;
    private final SymmetricSpectrum output;
    private final Damping.Split damping;
    private final double pA;
    private final double pS;

    /// @throws CgloraException N-DAMPING when a factor that is raised to a negative power is
    ///     singular to rounding
    OperatorRoots(
            SymmetricSpectrum input,
            SymmetricSpectrum output,
            Damping.Split damping,
            double pA,
            double pS) {
        requireExponent("p_a", pA);
        requireExponent("p_s", pS);
        requireInvertible("input factor A", input, damping.lambdaA(), pA);
        requireInvertible("output factor S", output, damping.lambdaS(), pS);
        this.input = input;
        this.output = output;
        this.damping = damping;
        this.pA = pA;
        this.pS = pS;
    }

    public Damping.Split damping() {
        return damping;
    }

    /// `Â^{-p_a} · Y`.
    ///
    /// @param Y [in, k]
    public Matrix applyInput(Matrix Y) {
        return input.applyPower(damping.lambdaA(), -pA, Y);
    }

    /// `Ŝ^{-p_s} · Y`.
    ///
    /// @param Y [out, k]
    public Matrix applyOutput(Matrix Y) {
        return output.applyPower(damping.lambdaS(), -pS, Y);
    }

    /// Rows of `Â^{-p_a}`, [count, in].
    public Matrix inputRows(int first, int count) {
        return input.powerRows(damping.lambdaA(), -pA, first, count);
    }

    /// Rows of `Ŝ^{-p_s}`, [count, out].
    public Matrix outputRows(int first, int count) {
        return output.powerRows(damping.lambdaS(), -pS, first, count);
    }

    /// The mean of the diagonal of `Â^{-p_a}`.
    public double inputMean() {
        return input.meanPower(damping.lambdaA(), -pA);
    }

    /// The mean of the diagonal of `Ŝ^{-p_s}`.
    public double outputMean() {
        return output.meanPower(damping.lambdaS(), -pS);
    }

    /// The root of a side's coordinates in training.
    ///
    /// @param rank 0 for a whole matrix, k for the leading k eigenvectors
    private static TrainingRoot training(
            SymmetricSpectrum factor, double damping, double p, int rank) {
        return rank == 0
                ? new TrainingRoot.Whole(factor, damping, p)
                : TrainingRoot.Leading.of(factor, damping, p, Math.min(rank, factor.size()));
    }

    /// `L_a` of these exponents.
    TrainingRoot inputRoot(int rank) {
        return training(input, damping.lambdaA(), pA, rank);
    }

    /// `L_s` of these exponents.
    TrainingRoot outputRoot(int rank) {
        return training(output, damping.lambdaS(), pS, rank);
    }

    private static void requireExponent(String name, double p) {
        if (!(p >= 0 && p <= 0.5)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE, "", name + " " + p + ", expected 0 … 0.5", "use 0.5");
        }
    }

    private static void requireInvertible(
            String name, SymmetricSpectrum factor, double damping, double p) {
        if (p > 0 && !factor.isInvertible(damping)) {
            throw new CgloraException(
                    ErrorCode.N_DAMPING,
                    "",
                    ("the %s (%d × %d) is singular: smallest eigenvalue %.3g, largest %.3g,"
                                    + " damping %.3g")
                            .formatted(
                                    name,
                                    factor.size(),
                                    factor.size(),
                                    factor.smallest(),
                                    factor.largest(),
                                    damping),
                    "raise the damping (relative 1 is the default), or gather more examples");
        }
    }
}
