package cglora.models.training;

import java.util.Map;

/// Where a training stands between two steps. With the contents of [TrainedTensors] it is all that
/// another process needs to go on with the same bits: the order of the data, dropout and the
/// learning rate follow from the seed and the step.
///
/// @param step          steps so far, made or skipped
/// @param skipped       steps of these that were not made
/// @param skippedInARow how many of the last ones
/// @param best          the watched metric in the best state; NaN where there is none yet
/// @param bestStep      step of the best state; 0 where there is none yet
/// @param bestState     what [TrainingPrograms#snapshot] gave then; null where there is none
public record TrainingPosition(
        int step,
        int skipped,
        int skippedInARow,
        double best,
        int bestStep,
        Map<String, float[]> bestState) {
    /// Before the first step.
    public static TrainingPosition start() {
        return new TrainingPosition(0, 0, 0, Double.NaN, 0, null);
    }
}
