package cglora.models.adapter;

import cglora.models.curvature.WhitenedGradient;

/// What the start of one layer is made of, component by component.
///
/// @param singularValues of the whitened gradient, descending, [r]
/// @param changes        ‖ΔW‖_F of the first 1 … r components together, [r]
public record StepSpectrum(double[] singularValues, double[] changes) {
    public StepSpectrum {
        if (singularValues.length != changes.length || changes.length == 0) {
            throw new IllegalArgumentException(
                    singularValues.length + " singular values, " + changes.length + " changes");
        }
    }

    static StepSpectrum of(WhitenedGradient gradient, double eta) {
        double[] changes = gradient.norms();
        for (int i = 0; i < changes.length; i++) {
            changes[i] *= eta;
        }
        return new StepSpectrum(gradient.svd().singularValues().clone(), changes);
    }

    /// A layer whose gradient is zero.
    static StepSpectrum zero(int r) {
        return new StepSpectrum(new double[r], new double[r]);
    }

    /// ‖ΔW‖_F of the first `rank` components.
    public double change(int rank) {
        return changes[rank - 1];
    }
}
