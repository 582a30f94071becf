package cglora.models.linalg;

/// Products of two thin factors that are never formed.
public final class LowRank {
    private LowRank() {}

    /// `‖B A‖_F = √⟨BᵀB, A Aᵀ⟩`.
    ///
    /// @param B [out, r]
    /// @param A [r, in]
    public static double norm(Matrix B, Matrix A) {
        double[] norms = norms(B, A);
        return norms[norms.length - 1];
    }

    /// `‖B A‖_F` of the first 1 … r columns of `B` and rows of `A`, [r].
    ///
    /// @param B [out, r]
    /// @param A [r, in]
    public static double[] norms(Matrix B, Matrix A) {
        Matrix gramB = B.transposeTimes(B);
        Matrix gramA = A.timesTransposed(A);
        double[] norms = new double[gramB.rows()];
        double squares = 0;
        for (int i = 0; i < norms.length; i++) {
            squares += gramB.get(i, i) * gramA.get(i, i);
            for (int j = 0; j < i; j++) {
                squares += 2 * gramB.get(i, j) * gramA.get(i, j);
            }
            norms[i] = Math.sqrt(Math.max(0, squares));
        }
        return norms;
    }
}
