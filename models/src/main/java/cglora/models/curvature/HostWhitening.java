package cglora.models.curvature;

import java.util.Optional;

/// Float64 on the host, by eigendecompositions: exact to rounding, and it keeps nothing.
final class HostWhitening implements WhiteningArithmetic {
    @Override
    public WhitenedGradient gradient(Step step) {
        return step.statistics()
                .whitenedGradientSvd(
                        step.damping(), step.pA(), step.pS(), step.rank(), step.seed());
    }

    @Override
    public Optional<WhitenedStart> start(Step step, Coordinates c) {
        WhitenedGradient gradient = gradient(step);
        if (gradient.isZero()) {
            return Optional.empty();
        }
        OperatorRoots roots = step.statistics().roots(step.damping(), c.pA(), c.pS());
        return Optional.of(
                WhitenedStart.of(
                        gradient, step.pA(), step.pS(), roots, c.rank(), c.scaling(), c.eta()));
    }

    @Override
    public boolean isConcurrent() {
        return true;
    }

    @Override
    public WhiteningReport report() {
        return WhiteningReport.HOST;
    }

    @Override
    public void close() {}
}
