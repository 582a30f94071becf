package cglora.pipeline.checkpoint;

import java.util.List;
import java.util.Map;

/// What a checkpoint says beside its tensors: `checkpoint.json`.
///
/// @param format    version of what a checkpoint holds
/// @param version   of the product that wrote it
/// @param engine    that computed, with the number of its threads
/// @param position  where training stands
/// @param pipeline  the resolved pipeline, as `pipeline.json` of the run
/// @param inputs    SHA-256 of the model's and the data's files by their absolute paths
/// @param start     SHA-256 of what initialisation has made and training does not change: ranks,
///     scales, whitening roots, shifted base weights
/// @param alignment what has been measured beside a reference, by step
/// @param seconds   that the run had taken
public record Manifest(
        int format,
        String version,
        String engine,
        Position position,
        String pipeline,
        Map<String, String> inputs,
        String start,
        List<Alignment> alignment,
        double seconds) {
    /// The format that this product writes.
    public static final int FORMAT = 1;

    /// Numbers of a training between two steps. The order of the data, dropout and the learning
    /// rate follow from the pipeline's seed and the step.
    ///
    /// @param step          steps so far, made or skipped
    /// @param skipped       steps of these that were not made
    /// @param skippedInARow how many of the last ones
    /// @param best          the watched metric of the best state; null where there is none
    /// @param bestStep      step of the best state; 0 where there is none
    /// @param smoothedLoss  running mean of the loss; null before there is one
    public record Position(
            int step,
            int skipped,
            int skippedInARow,
            Double best,
            int bestStep,
            Double smoothedLoss) {}

    /// The numbers of one step beside a reference, as `PredictionAlignment` has them; null for one
    /// that does not exist.
    public record Alignment(
            int step,
            Double relativeDistance,
            Double relativeDistanceRaw,
            Double relativeDistanceH,
            Double cosine,
            Double kl,
            Double agreement) {}
}
