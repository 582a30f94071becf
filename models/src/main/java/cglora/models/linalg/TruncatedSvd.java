package cglora.models.linalg;

import static java.util.Objects.requireNonNull;

import cglora.kernels.engine.OpenBlas;
import java.util.Arrays;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.apache.commons.rng.sampling.distribution.SharedStateContinuousSampler;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;
import org.apache.commons.rng.simple.RandomSource;

/// The leading singular triplets, `M ≈ U diag(singularValues) Vᵀ`.
///
/// Signs are fixed: the entry of largest magnitude of each right singular vector is positive.
///
/// @param U              [rows, rank], orthonormal columns
/// @param singularValues [rank], descending; unit of `M`
/// @param V              [columns, rank], orthonormal columns; where `M` has a rank below the
///     one asked for, columns that belong to a zero singular value may be zero in `U` and `V`
public record TruncatedSvd(Matrix U, double[] singularValues, Matrix V) {
    /// Columns that the random sketch holds beyond the rank.
    private static final int OVERSAMPLING = 8;

    private static final int POWER_ITERATIONS = 2;

    /// Up to this smaller side, the exact decomposition costs less than it would be worth to
    /// approximate it.
    private static final int EXACT_SIDE = 128;

    /// Up to this smaller side, the eigenvectors of the Gram matrix of a formed matrix cost
    /// about a second.
    private static final int GRAM_SIDE = 1024;

    /// Up to this inner dimension of a product, both thin factors are decomposed by themselves.
    private static final int EXACT_INNER = 64;

    /// Up to this inner dimension, two eigendecompositions of its size cost a tenth of a
    /// second.
    private static final int GRAM_INNER = 512;

    /// Squares of singular values below this share of the largest are rounding.
    private static final double SQUARED_NOISE = 0x1p-48;

    public TruncatedSvd {
        requireNonNull(U, "U");
        requireNonNull(V, "V");
        if (U.columns() != singularValues.length || V.columns() != singularValues.length) {
            throw new IllegalArgumentException(
                    "U has %d columns, V %d, expected %d"
                            .formatted(U.columns(), V.columns(), singularValues.length));
        }
    }

    /// Columns of the blocks that an operator is multiplied with for `rank` triplets.
    public static int sketchColumns(int rank) {
        return rank + OVERSAMPLING;
    }

    public int rank() {
        return singularValues.length;
    }

    /// `U diag(singularValues) Vᵀ`, [rows, columns].
    public Matrix product() {
        return U.scaledColumns(singularValues).timesTransposed(V);
    }

    /// All `min(rows, columns)` triplets of a small matrix, to rounding.
    public static TruncatedSvd exact(Matrix M) {
        int rank = Math.min(M.rows(), M.columns());
        requireFinite(M);
        // Commons Math iterates on thresholds of absolute size: feed it entries of order one
        double scale = M.maxAbsolute();
        if (scale == 0) {
            return new TruncatedSvd(
                            Matrix.identity(M.rows()).columns(0, rank),
                            new double[rank],
                            Matrix.identity(M.columns()).columns(0, rank))
                    .withFixedSigns();
        }
        var decomposition = new SingularValueDecomposition(real(M.scaled(1 / scale)));
        double[] values = Arrays.copyOf(decomposition.getSingularValues(), rank);
        for (int i = 0; i < rank; i++) {
            values[i] *= scale;
        }
        return new TruncatedSvd(
                        matrix(decomposition.getU(), rank),
                        values,
                        matrix(decomposition.getV(), rank))
                .withFixedSigns();
    }

    /// The first `rank` triplets of an operator. Exact when its smaller side is small; else a
    /// randomised range finder with oversampling 8 and 2 power iterations (Halko, Martinsson
    /// and Tropp, arXiv 0909.4061, algorithms 4.4 and 5.1), which needs products with blocks of
    /// `rank + 8` columns only.
    ///
    /// @param rank 1 … min(rows, columns)
    /// @param seed the same seed gives the same result
    public static TruncatedSvd of(LinearOperator M, int rank, long seed) {
        int side = Math.min(M.rows(), M.columns());
        requireRank(rank, side, M.rows(), M.columns());
        int sketch = sketchColumns(rank);
        if (side <= Math.max(2 * sketch, EXACT_SIDE)) {
            Matrix dense =
                    M.columns() <= M.rows()
                            ? M.multiply(Matrix.identity(M.columns()))
                            : M.multiplyTransposed(Matrix.identity(M.rows())).transpose();
            return exact(dense).truncated(rank);
        }
        return inRangeOf(M, gaussian(M.columns(), sketch, seed), POWER_ITERATIONS, rank);
    }

    /// The first `rank` triplets of an operator from a block Krylov space, to a residual that is
    /// found on the way and not for a number of iterations: right for flat spectra, too. Exact
    /// when the smaller side is small. Products with `rank + 8` columns.
    ///
    /// @param rank 1 … min(rows, columns)
    /// @param seed the same seed gives the same result
    public static TruncatedSvd krylov(LinearOperator M, int rank, long seed) {
        int side = Math.min(M.rows(), M.columns());
        requireRank(rank, side, M.rows(), M.columns());
        int block = sketchColumns(rank);
        return side <= Math.max(2 * block, EXACT_SIDE)
                ? of(M, rank, seed)
                : KrylovSvd.of(M, gaussian(M.columns(), block, seed), rank)
                        .padded(rank)
                        .withFixedSigns();
    }

    /// The first `rank` triplets of all that LAPACK finds in float32 (gesdd).
    ///
    /// @param rank 1 … min(rows, columns)
    /// @throws cglora.kernels.error.CgloraException N-STATISTICS when the iteration does not
    ///     converge
    public static TruncatedSvd full(Matrix M, int rank) {
        int side = Math.min(M.rows(), M.columns());
        requireRank(rank, side, M.rows(), M.columns());
        requireFinite(M);
        double scale = M.maxAbsolute();
        if (scale == 0) {
            return exact(M).truncated(rank);
        }
        float[] unit = M.scaled(1 / scale).toFloats();
        float[] values = new float[side];
        float[] u = new float[M.rows() * side];
        float[] v = new float[side * M.columns()];
        OpenBlas.get().sgesdd(M.rows(), M.columns(), unit, values, u, v);
        double[] leading = new double[rank];
        for (int i = 0; i < rank; i++) {
            leading[i] = scale * values[i];
        }
        return new TruncatedSvd(
                        Matrix.of(M.rows(), side, u).columns(0, rank),
                        leading,
                        Matrix.of(side, M.columns(), v).rows(0, rank).transpose())
                .withFixedSigns();
    }

    /// The first `rank` triplets by a randomised range finder with 4 power iterations (Halko,
    /// Martinsson and Tropp, arXiv 0909.4061, algorithms 4.4 and 5.1).
    ///
    /// @param rank   1 … columns
    /// @param sketch columns of the random block, up to min(rows, columns)
    /// @param seed   the same seed gives the same result
    public static TruncatedSvd randomized(Matrix M, int rank, int sketch, long seed) {
        requireRank(rank, sketch, M.rows(), M.columns());
        return inRangeOf(LinearOperator.of(M), gaussian(M.columns(), sketch, seed), 4, rank);
    }

    /// The first `rank` triplets of a formed matrix. Up to a side of 1024 the start is no
    /// random block but the leading eigenvectors of `MᵀM` or `MMᵀ`, so that the result is exact
    /// to rounding and does not depend on the seed; a flat spectrum would need many power
    /// iterations for that. Above, as for an operator.
    ///
    /// @param rank 1 … min(rows, columns)
    /// @param seed the same seed gives the same result
    public static TruncatedSvd of(Matrix M, int rank, long seed) {
        int side = Math.min(M.rows(), M.columns());
        requireRank(rank, side, M.rows(), M.columns());
        int block = rank + OVERSAMPLING;
        LinearOperator operator = LinearOperator.of(M);
        if (side <= Math.max(2 * block, EXACT_SIDE) || side > GRAM_SIDE) {
            return of(operator, rank, seed);
        }
        requireFinite(M);
        double scale = M.maxAbsolute();
        if (scale == 0) {
            return exact(M).truncated(rank);
        }
        // squares of small gradients would leave the range of a double
        Matrix unit = M.scaled(1 / scale);
        boolean tall = M.columns() <= M.rows();
        Matrix gram = tall ? unit.transposeTimes(unit) : unit.timesTransposed(unit);
        Matrix leading = SymmetricEigen.of(gram).vectors().columns(side - block, block);
        // one power iteration mends what squaring lost in the smaller of the leading values
        Matrix start = tall ? leading : CholeskyQr.orthonormalize(M.transposeTimes(leading));
        return inRangeOf(operator, start, 1, rank);
    }

    /// The best triplets within the range of `(M Mᵀ)^powers M Y`.
    private static TruncatedSvd inRangeOf(LinearOperator M, Matrix Y, int powers, int rank) {
        Matrix Q = CholeskyQr.orthonormalize(M.multiply(Y));
        for (int i = 0; i < powers; i++) {
            Matrix Z = CholeskyQr.orthonormalize(M.multiplyTransposed(Q));
            Q = CholeskyQr.orthonormalize(M.multiply(Z));
        }
        // B = QᵀM [k, columns], small on one side; its transpose is what the operator gives
        Matrix transposed = M.multiplyTransposed(Q);
        requireFinite(transposed);
        TruncatedSvd small = exact(transposed);
        return new TruncatedSvd(Q.times(small.V), small.singularValues, small.U)
                .padded(rank)
                .withFixedSigns();
    }

    /// The first `rank` triplets of `factor · P Qᵀ`, which is not formed. Exact to rounding for
    /// an inner dimension up to 512; above, as for an operator.
    ///
    /// @param P    [rows, k]
    /// @param Q    [columns, k]
    /// @param rank 1 … min(rows, columns)
    /// @param seed the same seed gives the same result
    public static TruncatedSvd ofProduct(Matrix P, Matrix Q, double factor, int rank, long seed) {
        LinearOperator product = LinearOperator.ofProduct(P, Q, factor);
        requireRank(rank, Math.min(P.rows(), Q.rows()), P.rows(), Q.rows());
        requireFinite(P);
        requireFinite(Q);
        int inner = P.columns();
        int block = rank + OVERSAMPLING;
        if (inner <= EXACT_INNER) {
            return ofThinFactors(P, Q, factor, rank);
        }
        if (inner > GRAM_INNER
                || inner < block
                || Math.min(P.rows(), Q.rows()) <= Math.max(2 * block, EXACT_SIDE)
                || P.isZero()
                || Q.isZero()) {
            return of(product, rank, seed);
        }
        // PᵀP = W Λ Wᵀ: the left singular vectors of P Qᵀ are P W Λ^{-1/2} times the eigenvectors
        // of Λ^{1/2} Wᵀ (QᵀQ) W Λ^{1/2}, [k, k]; only a start, so that squares may round
        Matrix p = P.scaled(1 / P.maxAbsolute());
        Matrix q = Q.scaled(1 / Q.maxAbsolute());
        SymmetricEigen eigen = SymmetricEigen.of(p.transposeTimes(p));
        Matrix root = eigen.vectors().scaledColumns(eigen.powers(0, 0.5));
        Matrix inQ = q.times(root);
        Matrix leading =
                SymmetricEigen.of(inQ.transposeTimes(inQ)).vectors().columns(inner - block, block);
        // Q Pᵀ P W Λ^{-1/2} = Q W Λ^{1/2}: the right singular vectors, without the inverse
        return inRangeOf(product, CholeskyQr.orthonormalize(inQ.times(leading)), 1, rank);
    }

    /// The first `rank` triplets of `P Qᵀ`, which is not formed, from bases of both factors and the
    /// eigenvectors of a Gram matrix of their inner dimension's size: those below 2⁻²⁴ of the first
    /// are zero.
    ///
    /// @param P    [rows, k], k ≤ rows
    /// @param Q    [columns, k], k ≤ columns
    /// @param rank at least 1; with zeros for what there is not
    public static TruncatedSvd ofThin(Matrix P, Matrix Q, int rank) {
        requireFinite(P);
        requireFinite(Q);
        Matrix left = CholeskyQr.orthonormalize(P);
        Matrix right = CholeskyQr.orthonormalize(Q);
        Matrix core = left.transposeTimes(P).timesTransposed(right.transposeTimes(Q));
        double scale = core.maxAbsolute();
        if (scale == 0) {
            return new TruncatedSvd(
                            Matrix.zero(P.rows(), 0), new double[0], Matrix.zero(Q.rows(), 0))
                    .padded(rank);
        }
        Matrix unit = core.scaled(1 / scale);
        SymmetricEigen eigen = SymmetricEigen.of(unit.timesTransposed(unit));
        int count = 0;
        while (count < Math.min(rank, eigen.size())
                && eigen.leadingValues(count + 1)[count] > SQUARED_NOISE * eigen.largest()) {
            count++;
        }
        Matrix U = eigen.leadingVectors(count);
        Matrix V = unit.transposeTimes(U);
        double[] values = V.columnNorms();
        double[] inverse = new double[count];
        for (int i = 0; i < count; i++) {
            inverse[i] = 1 / values[i];
            values[i] *= scale;
        }
        return new TruncatedSvd(left.times(U), values, right.times(V.scaledColumns(inverse)))
                .padded(rank)
                .withFixedSigns();
    }

    private static TruncatedSvd ofThinFactors(Matrix P, Matrix Q, double factor, int rank) {
        TruncatedSvd p = exact(P);
        TruncatedSvd q = exact(Q);
        Matrix core =
                p.V.scaledColumns(p.singularValues)
                        .transposeTimes(q.V.scaledColumns(q.singularValues))
                        .scaled(factor);
        TruncatedSvd inner = exact(core);
        return new TruncatedSvd(p.U.times(inner.U), inner.singularValues, q.U.times(inner.V))
                .padded(rank)
                .withFixedSigns();
    }

    /// The same triplets in other orthonormal bases: `left · U`, `right · V`.
    ///
    /// @param left  [n, rows]
    /// @param right [m, columns]
    public TruncatedSvd rotated(Matrix left, Matrix right) {
        return new TruncatedSvd(left.times(U), singularValues, right.times(V)).withFixedSigns();
    }

    private TruncatedSvd truncated(int rank) {
        return new TruncatedSvd(
                U.columns(0, rank), Arrays.copyOf(singularValues, rank), V.columns(0, rank));
    }

    /// The first `rank` triplets, with zeros where there are fewer.
    private TruncatedSvd padded(int rank) {
        return singularValues.length >= rank
                ? truncated(rank)
                : new TruncatedSvd(
                        widened(U, rank), Arrays.copyOf(singularValues, rank), widened(V, rank));
    }

    private static Matrix widened(Matrix M, int columns) {
        Matrix result = Matrix.zero(M.rows(), columns);
        for (int i = 0; i < M.rows(); i++) {
            System.arraycopy(
                    M.values(), i * M.columns(), result.values(), i * columns, M.columns());
        }
        return result;
    }

    private TruncatedSvd withFixedSigns() {
        double[] signs = new double[rank()];
        for (int j = 0; j < signs.length; j++) {
            double largest = 0;
            for (int i = 0; i < V.rows(); i++) {
                if (Math.abs(V.get(i, j)) > Math.abs(largest)) {
                    largest = V.get(i, j);
                }
            }
            signs[j] = largest < 0 ? -1 : 1;
        }
        return new TruncatedSvd(U.scaledColumns(signs), singularValues, V.scaledColumns(signs));
    }

    /// Standard normal entries, [rows, columns].
    private static Matrix gaussian(int rows, int columns, long seed) {
        SharedStateContinuousSampler normal =
                ZigguratSampler.NormalizedGaussian.of(RandomSource.XO_SHI_RO_256_PP.create(seed));
        Matrix result = Matrix.zero(rows, columns);
        for (int i = 0; i < result.values().length; i++) {
            result.values()[i] = normal.sample();
        }
        return result;
    }

    private static void requireRank(int rank, int side, int rows, int columns) {
        if (rank < 1 || rank > side) {
            throw new IllegalArgumentException(
                    "rank %d, expected 1 … %d (the matrix is %d × %d)"
                            .formatted(rank, side, rows, columns));
        }
    }

    /// Commons Math's iteration does not end on NaN.
    private static void requireFinite(Matrix M) {
        if (!M.isFinite()) {
            throw new IllegalArgumentException(
                    "a matrix with non-finite entries has no singular values");
        }
    }

    private static RealMatrix real(Matrix M) {
        double[][] rows = new double[M.rows()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(M.values(), i * M.columns(), (i + 1) * M.columns());
        }
        return new Array2DRowRealMatrix(rows, false);
    }

    private static Matrix matrix(RealMatrix M, int columns) {
        return Matrix.of(M.getData()).columns(0, columns);
    }
}
