package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;

/// Sums `A`, `S` and `G` over batches; how the sample is split into batches does not matter.
public final class KfacAccumulator {
    private final WeightSharing sharing;
    private Matrix gradient;
    private Matrix A;
    private Matrix S;
    private long rows;
    private double weight;

    public KfacAccumulator(int in, int out, WeightSharing sharing) {
        this.sharing = requireNonNull(sharing, "sharing");
        this.gradient = Matrix.zero(out, in);
        this.A = Matrix.zero(in, in);
        this.S = Matrix.zero(out, out);
    }

    /// Adds whole examples: the tokens of one example are in one batch.
    public KfacAccumulator add(TokenStatistics batch) {
        batch.requireWhole(sharing);
        boolean reduce = sharing == WeightSharing.REDUCE;
        Matrix x = reduce ? batch.meanInputs() : batch.X();
        Matrix g = reduce ? batch.summedGradients() : batch.GammaCurvature();
        gradient = gradient.plus(batch.Gamma().transposeTimes(batch.X()));
        A = A.plus(x.transposeTimes(x));
        S = S.plus(g.transposeTimes(g));
        rows += x.rows();
        weight += batch.weight();
        return this;
    }

    /// The factors of all that was added.
    ///
    /// @throws IllegalStateException when nothing was added
    public FactoredKfac toFactors() {
        if (rows == 0) {
            throw new IllegalStateException("no batch was added");
        }
        return new FactoredKfac(
                A.scaled(1.0 / rows), S.scaled(1 / weight), gradient.scaled(1 / weight));
    }
}
