package cglora.models.linalg;

/// A matrix [rows, columns] known only by its products, so that it need never exist.
public interface LinearOperator {
    int rows();

    int columns();

    /// `M · Y`.
    ///
    /// @param Y [columns, k]
    /// @return [rows, k]
    Matrix multiply(Matrix Y);

    /// `Mᵀ · Y`.
    ///
    /// @param Y [rows, k]
    /// @return [columns, k]
    Matrix multiplyTransposed(Matrix Y);

    /// A matrix as an operator.
    static LinearOperator of(Matrix M) {
        return new LinearOperator() {
            @Override
            public int rows() {
                return M.rows();
            }

            @Override
            public int columns() {
                return M.columns();
            }

            @Override
            public Matrix multiply(Matrix Y) {
                return M.times(Y);
            }

            @Override
            public Matrix multiplyTransposed(Matrix Y) {
                return M.transposeTimes(Y);
            }
        };
    }

    /// `factor · P · Qᵀ`, never formed.
    ///
    /// @param P [rows, k]
    /// @param Q [columns, k]
    static LinearOperator ofProduct(Matrix P, Matrix Q, double factor) {
        if (P.columns() != Q.columns()) {
            throw new IllegalArgumentException(
                    "P has %d columns, Q has %d".formatted(P.columns(), Q.columns()));
        }
        return new LinearOperator() {
            @Override
            public int rows() {
                return P.rows();
            }

            @Override
            public int columns() {
                return Q.rows();
            }

            @Override
            public Matrix multiply(Matrix Y) {
                return P.times(Q.transposeTimes(Y).scaled(factor));
            }

            @Override
            public Matrix multiplyTransposed(Matrix Y) {
                return Q.times(P.transposeTimes(Y).scaled(factor));
            }
        };
    }
}
