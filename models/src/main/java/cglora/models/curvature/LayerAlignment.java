package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricEigen;
import java.util.Arrays;
import java.util.Collection;

/// How much of full fine-tuning's update `ΔW* = W* − W₀` of one layer lies where an adapter `B A`
/// can go, in the metric in which predictions change:
/// `‖ΔW‖² = ‖Ŝ^{1/2} ΔW Â^{1/2}‖²_F`, the layer's block of `JᵀHJ ≈ Â ⊗ Ŝ` (K-FAC: Martens and
/// Grosse, arXiv 1503.05671).
///
/// Two subspaces are projected on, orthogonally in that metric. Let `D = Ŝ^{1/2} ΔW* Â^{1/2}`, and
/// `U` and `V` orthonormal bases of the columns of `Ŝ^{1/2} B` and of the rows of `A Â^{1/2}`:
/// - the span of the factors, `{B C A}`, all matrices with the adapter's columns and rows:
///   `P D = U Uᵀ D V Vᵀ`;
/// - the tangent space `{B Y + Z A}`, what a small change of either factor reaches:
///   `P D = U Uᵀ D + D V Vᵀ − U Uᵀ D V Vᵀ` (Vandereycken, arXiv 1209.3834, equation 2.5). It is
///   larger, and there for `B = 0`, too.
///
/// Neither root is formed: `‖Uᵀ D‖² = tr((BᵀŜB)⁺ BᵀŜ ΔW* Â ΔW*ᵀ ŜB)`, and the others alike.
///
/// @param update  `‖ΔW*‖`
/// @param span    `‖P ΔW*‖` in the span of the factors
/// @param tangent `‖P ΔW*‖` in the tangent space
public record LayerAlignment(double update, double span, double tangent) {
    /// Directions of a factor whose squared size is a smaller part of the largest are rounding.
    private static final double NEGLIGIBLE = 1e-12;

    /// @param A       [in, in] input factor, symmetric
    /// @param S       [out, out] output factor, symmetric
    /// @param damping what makes Â of A and Ŝ of S
    /// @param update  [out, in] `ΔW*`
    /// @param loraA   [r, in]
    /// @param loraB   [out, r]
    public static LayerAlignment of(
            Matrix A, Matrix S, Damping damping, Matrix update, Matrix loraA, Matrix loraB) {
        var split = damping.split(A.trace(), A.rows(), S.trace(), S.rows());
        Matrix SB = damped(S, split.lambdaS(), loraB);
        Matrix AA = damped(A, split.lambdaA(), loraA.transpose());
        Matrix rootU = inverseRoot(loraB.transposeTimes(SB));
        Matrix rootV = inverseRoot(loraA.times(AA));
        Matrix columns = rootU.transposeTimes(SB.transposeTimes(update)); // Uᵀ D Â^{-1/2}
        Matrix rows = update.times(AA).times(rootV); // Ŝ^{-1/2} D V
        double ofColumns = columns.dot(damped(A, split.lambdaA(), columns.transpose()).transpose());
        double ofRows = rows.dot(damped(S, split.lambdaS(), rows));
        double both = columns.times(AA).times(rootV).frobenius();
        double all =
                damped(S, split.lambdaS(), update)
                        .dot(update.times(A).plus(update.scaled(split.lambdaA())));
        return new LayerAlignment(
                Math.sqrt(Math.max(0, all)),
                both,
                Math.sqrt(Math.max(0, ofColumns + ofRows - both * both)));
    }

    /// `(M + λ I) Y`.
    private static Matrix damped(Matrix M, double lambda, Matrix Y) {
        return M.times(Y).plus(Y.scaled(lambda));
    }

    /// `K` [r, k] with `K Kᵀ = M⁺`, the columns of lengths alike first.
    private static Matrix inverseRoot(Matrix M) {
        double[] scale = new double[M.rows()];
        for (int i = 0; i < scale.length; i++) {
            scale[i] = M.get(i, i) > 0 ? 1 / Math.sqrt(M.get(i, i)) : 0;
        }
        var eigen = SymmetricEigen.of(M.scaledRows(scale).scaledColumns(scale));
        double[] roots =
                Arrays.stream(eigen.eigenvalues())
                        .map(v -> v > NEGLIGIBLE * eigen.largest() ? 1 / Math.sqrt(v) : 0)
                        .toArray();
        return eigen.vectors().scaledColumns(roots).scaledRows(scale);
    }

    /// Of several layers: their updates side by side.
    public static LayerAlignment sum(Collection<LayerAlignment> layers) {
        double update = 0;
        double span = 0;
        double tangent = 0;
        for (LayerAlignment layer : layers) {
            update = Math.hypot(update, layer.update);
            span = Math.hypot(span, layer.span);
            tangent = Math.hypot(tangent, layer.tangent);
        }
        return new LayerAlignment(update, span, tangent);
    }

    /// `‖P ΔW*‖ / ‖ΔW*‖` in the span of the factors, 0 … 1; NaN where the layer was not updated.
    public double spanShare() {
        return Math.min(1, span / update);
    }

    /// `‖P ΔW*‖ / ‖ΔW*‖` in the tangent space, 0 … 1; NaN where the layer was not updated.
    public double tangentShare() {
        return Math.min(1, tangent / update);
    }
}
