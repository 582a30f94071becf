package cglora.models.training;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.StepCurve;
import cglora.models.adapter.StepSize;
import cglora.models.training.CgLoraStart.Sample;
import cglora.models.training.CgLoraStart.Step;
import java.util.function.DoubleConsumer;

/// Chooses the length of a curvature-guided step.
///
/// @param calibration the examples that made the statistics
/// @param heldOut     examples that neither head nor statistics have seen
/// @param epsilon     length of the finite difference along the step
/// @param write       writes the adapters' factors for a length
record StepSearch(
        Session session,
        Sample calibration,
        Sample heldOut,
        double epsilon,
        DoubleConsumer write,
        Problems warnings) {
    /// What was found.
    ///
    /// @param quadratic η of the quadratic model
    /// @param chosen    the length and the losses that were tried; null where the quadratic model's
    ///     is taken as it is
    record Found(double quadratic, StepSize chosen) {
        double eta() {
            return chosen == null ? quadratic : chosen.eta();
        }
    }

    /// @param step how; not fixed
    /// @throws cglora.kernels.error.CgloraException N-STEP where the step does not lower the loss
    ///     of the calibration examples to first order
    Found find(Step step) {
        Found found =
                switch (step) {
                    case QUADRATIC -> new Found(onCalibration(), null);
                    case HELD_OUT -> byHeldOutLosses();
                    case PREDICTED -> byPrediction();
                    case FIXED -> throw new IllegalArgumentException("a fixed step is given");
                };
        if (found.chosen() != null && !found.chosen().lowered()) {
            warnings.warning(
                    ErrorCode.N_STEP,
                    "adapter",
                    "no tried step lowers the loss of the held-out examples; took the shortest",
                    "more calibration samples may help");
        }
        return found;
    }

    private double onCalibration() {
        return StepProbe.of(session, calibration, epsilon, write).curve().minimiser();
    }

    private Found byHeldOutLosses() {
        double quadratic = onCalibration();
        return new Found(quadratic, StepSize.heldOut(quadratic, this::heldOutLoss));
    }

    private Found byPrediction() {
        StepProbe probe = StepProbe.of(session, heldOut, epsilon, write);
        StepCurve curve = probe.curve();
        if (!curve.descends()) {
            warnings.warning(
                    ErrorCode.N_STEP,
                    "adapter",
                    "the step does not lower the loss of the held-out examples to first order; their"
                            + " predictions cannot choose its length, the calibration examples do",
                    "more calibrate.step_samples, or adapter.cg.step \"held-out\"");
            return byHeldOutLosses();
        }
        double quadratic = curve.minimiser();
        return new Found(
                quadratic,
                StepSize.predicted(
                        quadratic,
                        probe.lossBefore(),
                        probe.linearLoss(StepSize.candidates(quadratic)),
                        this::heldOutLoss));
    }

    private double heldOutLoss(double eta) {
        write.accept(eta);
        Evaluation evaluation =
                session.evaluator().evaluate(heldOut.batches(), heldOut.data().size());
        return session.task().loss(evaluation, heldOut.data());
    }
}
