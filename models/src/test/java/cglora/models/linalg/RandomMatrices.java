package cglora.models.linalg;

import java.util.Random;

/// Seeded matrices for tests.
public final class RandomMatrices {
    private RandomMatrices() {}

    /// Standard normal entries.
    public static Matrix gaussian(int rows, int columns, Random random) {
        Matrix result = Matrix.zero(rows, columns);
        for (int i = 0; i < result.values().length; i++) {
            result.values()[i] = random.nextGaussian();
        }
        return result;
    }

    /// Columns that fade from 1 to `last` in size, then mixed: a spectrum like that of real
    /// inputs.
    public static Matrix fading(int rows, int columns, double last, Random random) {
        double[] scale = new double[columns];
        for (int j = 0; j < columns; j++) {
            scale[j] = Math.pow(last, columns == 1 ? 0 : (double) j / (columns - 1));
        }
        return gaussian(rows, columns, random)
                .scaledColumns(scale)
                .times(orthogonal(columns, random));
    }

    /// A square orthogonal matrix.
    public static Matrix orthogonal(int size, Random random) {
        Matrix G = gaussian(size, size, random);
        return SymmetricEigen.of(G.plus(G.transpose())).vectors();
    }
}
