package cglora.models.training;

/// How a [Trainer] trains.
///
/// @param steps           optimiser steps
/// @param accumulation    batches a step
/// @param learningRate    peak rate of adapters, or of the body
/// @param headRate        peak rate of the head
/// @param warmup          steps of the linear warm-up
/// @param evaluationSteps steps between evaluations; 0 for none
/// @param skips           how many steps in a row may have a loss or gradient that is not
///     finite; they are not made
/// @param best            metric by which the best state is kept; null for the last state
/// @param classWeights    of the loss, by class; null where all examples count the same
/// @param gradientCheckpointing whether layers are computed again for their gradients instead
///     of kept
public record TrainingOptions(
        int steps,
        int accumulation,
        double learningRate,
        double headRate,
        double weightDecay,
        double beta1,
        double beta2,
        double epsilon,
        double maxGradNorm,
        Schedule schedule,
        int warmup,
        int evaluationSteps,
        int skips,
        String best,
        float[] classWeights,
        boolean gradientCheckpointing,
        long seed) {
    /// Shape of the learning rate over the steps, behind a linear warm-up.
    public enum Schedule {
        LINEAR,
        COSINE,
        CONSTANT;

        /// The share of the peak rate at step `step` of `steps`, counted from 0.
        double factor(int step, int steps, int warmup) {
            if (step < warmup) {
                return (step + 1.0) / (warmup + 1.0);
            }
            double progress = (double) (step - warmup) / Math.max(1, steps - warmup);
            return switch (this) {
                case LINEAR -> 1 - progress;
                case COSINE -> 0.5 * (1 + Math.cos(Math.PI * progress));
                case CONSTANT -> 1;
            };
        }
    }

    /// The same for another number of steps, none of which is evaluated.
    public TrainingOptions forSteps(int count) {
        return new TrainingOptions(
                count,
                accumulation,
                learningRate,
                headRate,
                weightDecay,
                beta1,
                beta2,
                epsilon,
                maxGradNorm,
                schedule,
                Math.min(warmup, count),
                0,
                skips,
                best,
                classWeights,
                gradientCheckpointing,
                seed);
    }
}
