package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.models.data.BatchShape;
import cglora.models.data.Labels;
import cglora.pipeline.spec.TrainSpec;
import java.util.Map;

/// What the data and the model say to a training's settings: its rates, classes, batches and steps.
final class TrainCheck {
    /// The most elements of a tensor: what an array can index.
    private static final long LARGEST_TENSOR = Integer.MAX_VALUE - 64L;

    /// Below it rates and their ratios leave the range of float32.
    private static final double SMALLEST_RATE = 1e-30;

    private final Inputs inputs;
    private final TrainSpec training;
    private final Problems problems;

    /// @param inputs all but the pipeline may be null
    TrainCheck(Inputs inputs, TrainSpec training, Problems problems) {
        this.inputs = inputs;
        this.training = training;
        this.problems = problems;
    }

    /// @throws CgloraException O-RANGE for a batch that no array holds, D-STEPS for no steps
    void check() {
        rate("learning_rate", training.learningRate().orElse(1.0));
        if (training.headLearningRate() != null) {
            rate("head_learning_rate", training.headLearningRate());
        }
        classWeights();
        Inputs own = inputs.on(training.data());
        if (own.train() == null) {
            return;
        }
        batch(own);
        steps(own);
    }

    private void rate(String key, double rate) {
        if (rate < SMALLEST_RATE) {
            problems.error(
                    ErrorCode.O_RANGE,
                    training.id() + "." + key,
                    rate + " is too small for float32",
                    "at least " + SMALLEST_RATE);
        }
    }

    /// Weights are those of classes that there are.
    private void classWeights() {
        if (training.classWeights() == null || inputs.examples() == null) {
            return;
        }
        Labels labels = inputs.examples().labels();
        if (labels.regression()) {
            problems.error(
                    ErrorCode.O_CONFLICT,
                    training.id() + ".class_weights",
                    "a regression has no classes",
                    "take class_weights out");
            return;
        }
        for (String name : training.classWeights().orElse(Map.of()).keySet()) {
            if (!labels.names().contains(name)) {
                String near = Suggestion.nearest(name, labels.names());
                problems.error(
                        ErrorCode.P_VALUE,
                        training.id() + ".class_weights",
                        "no class '%s'; there are %s"
                                .formatted(name, String.join(", ", labels.names())),
                        near.isEmpty() ? "name one of them" : "did you mean '" + near + "'?");
            }
        }
    }

    /// @throws CgloraException O-RANGE for a batch whose widest tensor is more than an array holds
    private void batch(Inputs own) {
        BatchShape shape = own.trainingBatches(1).largest();
        long width = shape.width();
        long widest =
                inputs.checkpoint().body().linearModules().stream()
                        .mapToLong(module -> Math.max(module.in(), module.out()))
                        .max()
                        .orElse(1);
        long target = shape.targetWidth();
        long logits = target == 0 ? 0 : target * own.outputs();
        long example = Math.max(logits, width * widest);
        if (training.perDeviceBatchSize() > LARGEST_TENSOR / example) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    training.id() + ".per_device_batch_size",
                    "%d examples of %d tokens are %d elements of one tensor, an array holds %d"
                            .formatted(
                                    training.perDeviceBatchSize(),
                                    width,
                                    training.perDeviceBatchSize() * example,
                                    LARGEST_TENSOR),
                    "at most %d, and gradient_accumulation_steps for the rest"
                            .formatted(LARGEST_TENSOR / example));
        }
    }

    /// The steps of all trainings are counted in 32 bits.
    private void mostSteps() {
        long before = TrainerOptions.exactStepsBefore(inputs, training);
        boolean byEpochs = training.maxSteps() == null;
        double steps = byEpochs ? TrainerOptions.exactSteps(inputs, training) : training.maxSteps();
        long most = Math.max(0, Integer.MAX_VALUE - before);
        if (steps > most) {
            double anEpoch = TrainerOptions.exactSteps(inputs, training) / training.epochs();
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    training.id() + (byEpochs ? ".epochs" : ".max_steps"),
                    (byEpochs ? training.epochs() + " epochs are " : "")
                            + "%.3g steps%s, a run has at most %d"
                                    .formatted(
                                            steps,
                                            before == 0 ? "" : " behind " + before + " others",
                                            Integer.MAX_VALUE),
                    byEpochs
                            ? "at most %d epochs".formatted((long) Math.floor(most / anEpoch))
                            : "at most " + most);
        }
    }

    private void steps(Inputs own) {
        mostSteps();
        if (training.maxSteps() == null && TrainerOptions.exactSteps(inputs, training) < 0.5) {
            throw new CgloraException(
                    ErrorCode.D_STEPS,
                    training.id() + ".epochs",
                    "%s epochs of %d examples are %.2f steps"
                            .formatted(
                                    training.epochs(),
                                    own.train().size(),
                                    TrainerOptions.exactSteps(inputs, training)),
                    "more epochs, or max_steps");
        }
        if (own.trainingRows() < training.perDeviceBatchSize()) {
            problems.warning(
                    ErrorCode.D_STEPS,
                    training.id() + ".per_device_batch_size",
                    "%d, there are %d %s: an epoch is one step"
                            .formatted(
                                    training.perDeviceBatchSize(),
                                    own.trainingRows(),
                                    own.packing() == null
                                            ? "training examples"
                                            : "rows of packed examples"),
                    "");
        }
    }
}
