package cglora.models.linalg;

/// The spectrum of a symmetric positive semidefinite matrix `A` [size, size], from which every
/// power of `Â = A + damping · I` follows.
public sealed interface SymmetricSpectrum permits SymmetricEigen, GramEigen {
    /// The error of eigenvalues of sums in float32, as a share of the largest: 2⁻²².
    double FLOAT32_NOISE = 0x1p-22;

    int size();

    /// The smallest eigenvalue of `A`; never below zero.
    double smallest();

    /// The largest eigenvalue of `A`; never below zero.
    double largest();

    /// `(A + damping · I)^exponent · Y`.
    ///
    /// @param Y [size, k]
    /// @return [size, k]
    Matrix applyPower(double damping, double exponent, Matrix Y);

    /// `(A + damping · I)^exponent`, formed, [size, size].
    Matrix power(double damping, double exponent);

    /// Whether a negative power of `A + damping · I` is more than rounding noise. With damping,
    /// the smallest eigenvalue has to stand above the float64 error of the largest. Without, it
    /// has to stand above the float32 error of sums on a device: a factor of lower rank that
    /// comes from there has small eigenvalues in the place of its zeros.
    default boolean isInvertible(double damping) {
        double noise =
                damping > 0 ? size() * Math.ulp(largest() + damping) : FLOAT32_NOISE * largest();
        return smallest() + damping > noise;
    }
}
