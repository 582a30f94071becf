package cglora.models.linalg;

/// The spectrum of a symmetric positive semidefinite matrix `A` [size, size], from which every
/// power of `Â = A + damping · I` follows.
public sealed interface SymmetricSpectrum permits SymmetricEigen, GramEigen {
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

    /// Whether a negative power of `A + damping · I` is more than rounding noise: the smallest
    /// eigenvalue has to stand above the error of the largest.
    default boolean isInvertible(double damping) {
        return smallest() + damping > size() * Math.ulp(largest() + damping);
    }
}
