package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.HeadWarmupSpec;

/// Examples of the training set that share none: for the head, the curvature and the step.
record Samples(Dataset head, Dataset headHeldOut, Dataset curvature, Dataset step) {
    /// Share of the head's examples on which its ℓ₂ is chosen.
    private static final double L2_SHARE = 0.2;

    /// @param calibrate null for none
    static Samples draw(Inputs inputs, CalibrateSpec calibrate, Problems notes) {
        int head = inputs.headOptions().map(HeadWarmupSpec::examples).orElse(0);
        int heldOut = (int) Math.round(L2_SHARE * head);
        int curvature = calibrate == null ? 0 : calibrate.samples();
        int step = calibrate == null ? 0 : calibrate.stepSamples();
        int wanted = head + heldOut + curvature + step;
        double share = Math.min(1, (double) inputs.train().size() / Math.max(1, wanted));
        if (share < 1) {
            notes.warning(
                    ErrorCode.N_CALIBRATION,
                    "calibrate",
                    ("head, curvature and step want %d examples that they do not share; the"
                                    + " training set has %d, so each gets %.0f %% of its wish")
                            .formatted(wanted, inputs.train().size(), 100 * share),
                    "");
        }
        Dataset order =
                inputs.train()
                        .select(
                                Batcher.draw(
                                        inputs.train().size(),
                                        inputs.train().size(),
                                        inputs.spec().seed()));
        int a = (int) (share * head);
        int b = a + (int) (share * heldOut);
        int c = b + (int) (share * curvature);
        int d = c + (int) (share * step);
        return new Samples(
                order.slice(0, a), order.slice(a, b), order.slice(b, c), order.slice(c, d));
    }
}
