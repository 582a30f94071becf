package cglora.models.block;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;

/// The constant roots of an adapter that is trained in whitened coordinates: `L_a`, a power
/// `−p_a` of the damped input factor over the mean of its diagonal, and `L_s` alike.
///
/// @param rank        0 where each root is a whole matrix; k > 0 where it is `c · I − P Pᵀ`, `P`
///     of k columns: the leading k eigenvectors of the factor, and one value for all the others
/// @param pA          0 … ½
/// @param pS          0 … ½
/// @param inputScale  `c` of `L_a`; of no meaning for a whole matrix
/// @param outputScale `c` of `L_s`
public record Whitening(int rank, double pA, double pS, float inputScale, float outputScale) {
    /// Whole matrices, both exponents ½.
    public static final Whitening WHOLE = new Whitening(0, 0.5, 0.5);

    public Whitening {
        if (rank < 0) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "roots of rank " + rank + ", expected 1 or more, or 0 for whole matrices",
                    "");
        }
    }

    /// Before the scales are known.
    public Whitening(int rank, double pA, double pS) {
        this(rank, pA, pS, 1, 1);
    }

    public Whitening withScales(float input, float output) {
        return new Whitening(rank, pA, pS, input, output);
    }

    /// Columns of what is kept of a root.
    ///
    /// @param size of the factor
    public int columns(int size) {
        return rank == 0 ? size : Math.min(rank, size);
    }
}
