package cglora.models.linalg;

import static java.util.Objects.requireNonNull;

import cglora.kernels.engine.LargeArrays;
import cglora.kernels.engine.OpenBlas;
import java.util.Arrays;

/// A dense float64 matrix on the host, row-major. Products go through OpenBLAS.
///
/// A value by convention: no method here changes a matrix, every result is a new one. The array
/// is shared, not copied, so that large statistics exist once.
public final class Matrix {
    private final int rows;
    private final int columns;
    private final double[] values;

    /// @param values [rows, columns], row-major; kept, not copied
    public Matrix(int rows, int columns, double[] values) {
        requireNonNull(values, "values");
        if (rows < 0 || columns < 0 || (long) rows * columns != values.length) {
            throw new IllegalArgumentException(
                    "%d values, expected %d × %d".formatted(values.length, rows, columns));
        }
        this.rows = rows;
        this.columns = columns;
        this.values = values;
    }

    public static Matrix zero(int rows, int columns) {
        return new Matrix(rows, columns, LargeArrays.doubles(Math.multiplyExact(rows, columns)));
    }

    public static Matrix identity(int size) {
        Matrix result = zero(size, size);
        for (int i = 0; i < size; i++) {
            result.values[i * size + i] = 1;
        }
        return result;
    }

    /// The float32 array [rows, columns] in float64.
    public static Matrix of(int rows, int columns, float[] values) {
        return ofQuotient(rows, columns, values, 1);
    }

    /// The float32 array [rows, columns] over `divisor`, in float64.
    public static Matrix ofQuotient(int rows, int columns, float[] values, double divisor) {
        double[] copy = LargeArrays.doubles(values.length);
        for (int i = 0; i < copy.length; i++) {
            copy[i] = values[i] / divisor;
        }
        return new Matrix(rows, columns, copy);
    }

    /// One float32 array a row, in float64. All rows have one length.
    public static Matrix of(float[]... rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        double[] copy = LargeArrays.doubles(Math.multiplyExact(rows.length, columns));
        for (int i = 0; i < rows.length; i++) {
            requireLength(i, rows[i].length, columns);
            for (int j = 0; j < columns; j++) {
                copy[i * columns + j] = rows[i][j];
            }
        }
        return new Matrix(rows.length, columns, copy);
    }

    /// One array a row. All rows have one length.
    public static Matrix of(double[]... rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        double[] copy = LargeArrays.doubles(Math.multiplyExact(rows.length, columns));
        for (int i = 0; i < rows.length; i++) {
            requireLength(i, rows[i].length, columns);
            System.arraycopy(rows[i], 0, copy, i * columns, columns);
        }
        return new Matrix(rows.length, columns, copy);
    }

    private static void requireLength(int row, int length, int columns) {
        if (length != columns) {
            throw new IllegalArgumentException(
                    "row %d has %d values, expected %d".formatted(row, length, columns));
        }
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    /// The array itself, [rows, columns]; the caller does not write to it.
    public double[] values() {
        return values;
    }

    public double get(int row, int column) {
        return values[row * columns + column];
    }

    /// `this · B`, [rows, B.columns].
    public Matrix times(Matrix B) {
        requireInner("times", columns, B.rows, B);
        return product(false, false, rows, B.columns, columns, this, B);
    }

    /// `this · Bᵀ`, [rows, B.rows].
    public Matrix timesTransposed(Matrix B) {
        requireInner("timesTransposed", columns, B.columns, B);
        return product(false, true, rows, B.rows, columns, this, B);
    }

    /// `thisᵀ · B`, [columns, B.columns].
    public Matrix transposeTimes(Matrix B) {
        requireInner("transposeTimes", rows, B.rows, B);
        return product(true, false, columns, B.columns, rows, this, B);
    }

    private void requireInner(String operation, int inner, int other, Matrix B) {
        if (inner != other) {
            throw new IllegalArgumentException(
                    "%s: %d × %d and %d × %d do not fit"
                            .formatted(operation, rows, columns, B.rows, B.columns));
        }
    }

    private static Matrix product(
            boolean transposeA, boolean transposeB, int m, int n, int k, Matrix A, Matrix B) {
        Matrix C = zero(m, n);
        if (k > 0) {
            OpenBlas.get()
                    .dgemm(
                            transposeA,
                            transposeB,
                            m,
                            n,
                            k,
                            1,
                            A.values,
                            Math.max(1, A.columns),
                            B.values,
                            Math.max(1, B.columns),
                            0,
                            C.values,
                            Math.max(1, n));
        }
        return C;
    }

    public Matrix transpose() {
        double[] result = LargeArrays.doubles(values.length);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                result[j * rows + i] = values[i * columns + j];
            }
        }
        return new Matrix(columns, rows, result);
    }

    public Matrix plus(Matrix other) {
        return plus(1, other);
    }

    public Matrix minus(Matrix other) {
        return plus(-1, other);
    }

    private Matrix plus(double factor, Matrix other) {
        if (rows != other.rows || columns != other.columns) {
            throw new IllegalArgumentException(
                    "%d × %d and %d × %d differ"
                            .formatted(rows, columns, other.rows, other.columns));
        }
        double[] result = copy().values;
        for (int i = 0; i < result.length; i++) {
            result[i] += factor * other.values[i];
        }
        return new Matrix(rows, columns, result);
    }

    public Matrix scaled(double factor) {
        double[] result = copy().values;
        for (int i = 0; i < result.length; i++) {
            result[i] *= factor;
        }
        return new Matrix(rows, columns, result);
    }

    /// `diag(factors) · this`.
    ///
    /// @param factors [rows]
    public Matrix scaledRows(double[] factors) {
        requireLength(0, factors.length, rows);
        double[] result = copy().values;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                result[i * columns + j] *= factors[i];
            }
        }
        return new Matrix(rows, columns, result);
    }

    /// `this · diag(factors)`.
    ///
    /// @param factors [columns]
    public Matrix scaledColumns(double[] factors) {
        requireLength(0, factors.length, columns);
        double[] result = copy().values;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                result[i * columns + j] *= factors[j];
            }
        }
        return new Matrix(rows, columns, result);
    }

    /// The same values in an array of their own.
    public Matrix copy() {
        double[] result = LargeArrays.doubles(values.length);
        System.arraycopy(values, 0, result, 0, result.length);
        return new Matrix(rows, columns, result);
    }

    /// The rows `first … first + count - 1`.
    public Matrix rows(int first, int count) {
        Matrix result = zero(count, columns);
        System.arraycopy(values, first * columns, result.values, 0, result.values.length);
        return result;
    }

    /// The columns `first … first + count - 1`.
    public Matrix columns(int first, int count) {
        Matrix result = zero(rows, count);
        for (int i = 0; i < rows; i++) {
            System.arraycopy(values, i * columns + first, result.values, i * count, count);
        }
        return result;
    }

    /// `[this, other]`, [rows, columns + other.columns].
    public Matrix beside(Matrix other) {
        int width = columns + other.columns;
        Matrix result = zero(rows, width);
        for (int i = 0; i < rows; i++) {
            System.arraycopy(values, i * columns, result.values, i * width, columns);
            System.arraycopy(
                    other.values,
                    i * other.columns,
                    result.values,
                    i * width + columns,
                    other.columns);
        }
        return result;
    }

    /// The Euclidean norm of each column, [columns].
    public double[] columnNorms() {
        double[] norms = new double[columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                norms[j] = Math.hypot(norms[j], values[i * columns + j]);
            }
        }
        return norms;
    }

    /// The Frobenius norm.
    public double frobenius() {
        double scale = maxAbsolute();
        // scaled, since squares of small gradients leave the range of a double before they do
        if (scale == 0 || !Double.isFinite(scale)) {
            return scale;
        }
        double sum = 0;
        for (double value : values) {
            sum += (value / scale) * (value / scale);
        }
        return scale * Math.sqrt(sum);
    }

    /// `⟨this, other⟩ = Σ this[i,j] · other[i,j]`.
    public double dot(Matrix other) {
        if (rows != other.rows || columns != other.columns) {
            throw new IllegalArgumentException(
                    "%d × %d and %d × %d differ"
                            .formatted(rows, columns, other.rows, other.columns));
        }
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += values[i] * other.values[i];
        }
        return sum;
    }

    public double trace() {
        if (rows != columns) {
            throw new IllegalArgumentException(
                    "trace of a %d × %d matrix".formatted(rows, columns));
        }
        double sum = 0;
        for (int i = 0; i < rows; i++) {
            sum += values[i * columns + i];
        }
        return sum;
    }

    /// The largest magnitude of an entry; NaN when any entry is.
    public double maxAbsolute() {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    public boolean isFinite() {
        return Double.isFinite(maxAbsolute());
    }

    public boolean isZero() {
        return maxAbsolute() == 0;
    }

    /// The values in float32, [rows, columns].
    public float[] toFloats() {
        float[] result = LargeArrays.floats(values.length);
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) values[i];
        }
        return result;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Matrix that
                && rows == that.rows
                && columns == that.columns
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * rows + columns) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "%d × %d, Frobenius norm %.6g".formatted(rows, columns, frobenius());
    }
}
