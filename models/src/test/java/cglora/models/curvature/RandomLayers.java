package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/// Layers of random shape, spectrum and sample, for properties that hold for all of them.
///
/// @param in       1 … 12
/// @param out      1 … 12
/// @param tokens   X and Γ, in examples of 1 … 4 tokens; `S` from other labels than `G` in half of
///     the cases
/// @param factored well-conditioned independent `A`, `S` and `G` of the same shape
/// @param rank     1 … min(in, out)
/// @param seed     which layer it is
record RandomLayers(
        int in, int out, TokenStatistics tokens, FactoredKfac factored, int rank, long seed) {
    static RandomLayers of(long seed) {
        var random = new Random(seed * 7919 + 13);
        int in = 1 + random.nextInt(12);
        int out = 1 + random.nextInt(12);
        int rank = 1 + random.nextInt(Math.min(in, out));
        Matrix G = RandomMatrices.gaussian(out, in, random).scaled(Math.pow(10, -2));
        FactoredKfac factored = new FactoredKfac(definite(in, random), definite(out, random), G);
        return new RandomLayers(in, out, tokens(in, out, random), factored, rank, seed);
    }

    private static TokenStatistics tokens(int in, int out, Random random) {
        int examples = 1 + random.nextInt(12);
        int[] example =
                IntStream.range(0, examples)
                        .flatMap(e -> IntStream.generate(() -> e).limit(1 + random.nextInt(4)))
                        .toArray();
        int count = example.length;
        Matrix X = samples(count, in, random);
        Matrix Gamma = samples(count, out, random).scaled(0.05);
        Matrix curvature = random.nextBoolean() ? Gamma : samples(count, out, random).scaled(0.04);
        return new TokenStatistics(X, Gamma, curvature, example, examples);
    }

    /// Rows whose covariance has one of several spectra; of lower rank in some cases.
    private static Matrix samples(int rows, int columns, Random random) {
        return RandomMatrices.gaussian(rows, columns, random)
                .scaledColumns(roots(spectrum(columns, random.nextInt(5), random)))
                .times(RandomMatrices.orthogonal(columns, random));
    }

    private static double[] roots(double[] values) {
        return Arrays.stream(values).map(Math::sqrt).toArray();
    }

    /// Positive definite, of a condition below 10⁴.
    private static Matrix definite(int size, Random random) {
        Matrix Q = RandomMatrices.orthogonal(size, random);
        double scale = Math.pow(10, random.nextInt(7) - 3);
        return Q.scaledColumns(spectrum(size, random.nextInt(4), random))
                .timesTransposed(Q)
                .scaled(scale);
    }

    /// @param kind 0 flat, 1 geometric, 2 two clusters, 3 random, 4 with zeros
    private static double[] spectrum(int size, int kind, Random random) {
        double[] values = new double[size];
        double last = Math.pow(10, -1 - 2.9 * random.nextDouble());
        for (int i = 0; i < size; i++) {
            values[i] =
                    switch (kind) {
                        case 0 -> 1;
                        case 1 -> Math.pow(last, (double) i / size);
                        case 2 -> i < size / 3 ? 1 : last;
                        case 3 -> Math.max(last, random.nextDouble());
                        default -> i % 2 == 0 ? 1 : 0;
                    };
        }
        return values;
    }

    /// Of any kind, not so small that rounding decides.
    static Damping damping(Random random) {
        double lambda = Math.pow(10, 2 * random.nextDouble() - 2);
        return switch (random.nextInt(3)) {
            case 0 -> Damping.relative(lambda);
            case 1 -> Damping.pi(lambda * 1e-3);
            default -> Damping.absolute(lambda * 1e-2);
        };
    }

    /// 0, ¼, ½ or anything between.
    static double exponent(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> 0.25;
            case 2 -> 0.5;
            default -> random.nextDouble() / 2;
        };
    }

    @Override
    public String toString() {
        return "seed %d: %d × %d, rank %d, %d tokens of %d examples"
                .formatted(seed, out, in, rank, tokens.tokens(), tokens.examples());
    }
}
