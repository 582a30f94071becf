package cglora.models.linalg;

/// Products of two thin factors that are never formed.
public final class LowRank {
    private LowRank() {}

    /// `‖B A‖_F = √⟨BᵀB, A Aᵀ⟩`.
    ///
    /// @param B [out, r]
    /// @param A [r, in]
    public static double norm(Matrix B, Matrix A) {
        return Math.sqrt(Math.max(0, B.transposeTimes(B).dot(A.timesTransposed(A))));
    }
}
