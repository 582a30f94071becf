package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;

/// Sums `A`, `S` and `G` over batches; how the sample is split into batches does not matter.
public final class KfacAccumulator {
    private final WeightSharing sharing;
    private Matrix gradient;
    private Matrix expandedA;
    private Matrix expandedS;
    private Matrix reducedA;
    private Matrix reducedS;
    private long tokens;
    private long examples;

    public KfacAccumulator(int in, int out, WeightSharing sharing) {
        this.sharing = requireNonNull(sharing, "sharing");
        this.gradient = Matrix.zero(out, in);
        this.expandedA = Matrix.zero(in, in);
        this.expandedS = Matrix.zero(out, out);
        boolean reduce = sharing == WeightSharing.REDUCE;
        this.reducedA = reduce ? Matrix.zero(in, in) : expandedA;
        this.reducedS = reduce ? Matrix.zero(out, out) : expandedS;
    }

    /// Adds whole examples: the tokens of one example are in one batch.
    public KfacAccumulator add(TokenStatistics batch) {
        gradient = gradient.plus(batch.Gamma().transposeTimes(batch.X()));
        expandedA = expandedA.plus(batch.X().transposeTimes(batch.X()));
        expandedS = expandedS.plus(batch.GammaCurvature().transposeTimes(batch.GammaCurvature()));
        if (sharing == WeightSharing.REDUCE) {
            Matrix x = batch.meanInputs();
            Matrix g = batch.summedGradients();
            reducedA = reducedA.plus(x.transposeTimes(x));
            reducedS = reducedS.plus(g.transposeTimes(g));
        }
        tokens += batch.tokens();
        examples += batch.examples();
        return this;
    }

    /// The factors of all that was added. A reduced `S` that is cancellation falls back to
    /// `EXPAND`.
    ///
    /// @throws IllegalStateException when nothing was added
    public FactoredKfac toFactors() {
        if (examples == 0) {
            throw new IllegalStateException("no batch was added");
        }
        Matrix G = gradient.scaled(1.0 / examples);
        WeightSharing used =
                sharing == WeightSharing.EXPAND
                        ? sharing
                        : TokenStatistics.effective(sharing, reducedS.trace(), expandedS.trace());
        return switch (used) {
            case EXPAND ->
                    new FactoredKfac(
                            expandedA.scaled(1.0 / tokens), expandedS.scaled(1.0 / examples), G);
            case REDUCE ->
                    new FactoredKfac(
                            reducedA.scaled(1.0 / examples), reducedS.scaled(1.0 / examples), G);
        };
    }
}
