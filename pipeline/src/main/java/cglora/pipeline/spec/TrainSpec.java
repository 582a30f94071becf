package cglora.pipeline.spec;

import java.util.Map;

/// The training loop. Of `epochs` and `maxSteps` exactly one is set, and `warmupRatio` is
/// null where `warmupSteps` is set.
public record TrainSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a"
                                        + " train stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value =
                                "What is trained: all; head; body, the adapter without the head, or"
                                        + " the model's own weights where there is none",
                        byDefault = "\"all\"")
                Trains trains,
        @Setting(
                        value = "The data stage to train on, by its id; null: the first",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"more\"")
                String data,
        @Setting(
                        value =
                                "Train on from the adapter as it was behind this adapter or train"
                                        + " stage, by its id; null: the newest one",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"adapter\"")
                String from,
        @Setting(
                        value =
                                "Passes over the training examples; 3 where max_steps is not given"
                                        + " either",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        aboveMin = true,
                        also = "num_train_epochs",
                        examples = {"1", "0.5"})
                Double epochs,
        @Setting(
                        value = "Optimizer steps; rules over epochs",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "100")
                Integer maxSteps,
        @Setting(
                        value = "Examples in one pass",
                        byDefault = "16",
                        min = 1,
                        also = {"per_device_train_batch_size", "micro_batch_size"},
                        examples = "32")
                int perDeviceBatchSize,
        @Setting(value = "Passes in one optimizer step", byDefault = "1", min = 1, examples = "2")
                int gradientAccumulationSteps,
        @Setting(
                        value =
                                "Keeps only the input of each layer and computes the layer again"
                                        + " for its gradient, in calibration too: less memory, the same"
                                        + " numbers, about a third more time",
                        byDefault = "false")
                boolean gradientCheckpointing,
        @Setting(value = "The optimizer", byDefault = "\"adamw\"") Optimizer optimizer,
        @Setting(
                        value = "Peak learning rate; auto takes one by method and rank",
                        byDefault = "\"auto\"",
                        min = 0,
                        aboveMin = true,
                        also = "lr",
                        examples = "3e-4")
                AutoOr<Double> learningRate,
        @Setting(
                        value = "Peak learning rate of the head; null: 1e-3",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        aboveMin = true,
                        examples = "1e-3")
                Double headLearningRate,
        @Setting(value = "Decoupled weight decay", byDefault = "0.01", min = 0, examples = "0.01")
                double weightDecay,
        @Setting(
                        value = "Decay of the first moment",
                        byDefault = "0.9",
                        min = 0,
                        max = 1,
                        belowMax = true)
                double adamBeta1,
        @Setting(
                        value = "Decay of the second moment",
                        byDefault = "0.999",
                        min = 0,
                        max = 1,
                        belowMax = true)
                double adamBeta2,
        @Setting(
                        value = "Added to the root of the second moment",
                        byDefault = "1e-8",
                        min = 0,
                        aboveMin = true)
                double adamEpsilon,
        @Setting(
                        value = "Gradients of a larger norm are scaled down to it; 0 never",
                        byDefault = "1.0",
                        min = 0)
                double maxGradNorm,
        @Setting(value = "Course of the learning rate after the warm-up", byDefault = "\"linear\"")
                Scheduler scheduler,
        @Setting(
                        value =
                                "Share of the steps in which the learning rate rises; not beside"
                                        + " warmup_steps",
                        byDefault = "0.06",
                        min = 0,
                        max = 1,
                        examples = "0.06")
                Double warmupRatio,
        @Setting(
                        value = "Steps in which the learning rate rises; null: by warmup_ratio",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        examples = "50")
                Integer warmupSteps,
        @Setting(value = "Steps between two logged losses", byDefault = "10", min = 1)
                int loggingSteps,
        @Setting(
                        value = "When to evaluate: epoch, or every so many steps; null never",
                        byDefault = "\"epoch\"",
                        nullable = true,
                        min = 1,
                        examples = {"\"epoch\"", "100"})
                EvalSteps evalSteps,
        @Setting(
                        value =
                                "Validation examples for these evaluations, drawn by the seed with"
                                        + " the classes' shares; null takes all",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "512")
                Integer evalExamples,
        @Setting(
                        value = "Metric by which the best state is kept; null keeps the last",
                        byDefault = "\"loss\"",
                        nullable = true,
                        examples = {"\"loss\"", "\"accuracy\"", "\"f1\""})
                String loadBest,
        @Setting(
                        value =
                                "When to write a checkpoint: epoch, or every so many steps, and"
                                        + " after the last one; null never. A cell of a grid removes"
                                        + " its own at its end",
                        byDefault = "\"epoch\"",
                        nullable = true,
                        min = 1,
                        examples = {"\"epoch\"", "100"})
                EvalSteps saveSteps,
        @Setting(
                        value =
                                "How many checkpoints stay, the newest; that of the best state"
                                        + " stays besides. null keeps all",
                        byDefault = "2",
                        nullable = true,
                        min = 1,
                        also = "keep",
                        examples = "2")
                Integer saveTotalLimit,
        @Setting(
                        value =
                                "What a loss that is not finite does: stop, or skip the step, at"
                                        + " most 3 in a row",
                        byDefault = "\"stop\"")
                OnNan onNan,
        @Setting(
                        value =
                                "Weights of the classes in the loss, by label, 1 where none is"
                                        + " given; auto: every class counts the same; null: every"
                                        + " example does",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        aboveMin = true,
                        examples = "{\"negative\": 1, \"positive\": 2.5}")
                AutoOr<Map<String, Double>> classWeights)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "train";

    public TrainSpec {
        id = id == null ? STAGE : id;
        if (maxSteps != null) {
            epochs = null;
        } else if (epochs == null) {
            epochs = 3.0;
        }
        warmupRatio = warmupSteps == null ? warmupRatio : null;
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// Without a validation set nothing can be evaluated on the way.
    TrainSpec withoutEvaluation() {
        return with(null, null);
    }

    /// Without evaluation no state is known to be the best.
    TrainSpec withoutLoadBest() {
        return with(evalSteps, null);
    }

    /// The same for a few steps, to see how long they take: one evaluation, every step recorded,
    /// no checkpoint.
    public TrainSpec shortened(int steps) {
        return new TrainSpec(
                id,
                when,
                trains,
                data,
                from,
                null,
                steps,
                perDeviceBatchSize,
                gradientAccumulationSteps,
                gradientCheckpointing,
                optimizer,
                learningRate,
                headLearningRate,
                weightDecay,
                adamBeta1,
                adamBeta2,
                adamEpsilon,
                maxGradNorm,
                scheduler,
                warmupRatio,
                warmupSteps,
                1,
                evalSteps == null ? null : new EvalSteps.Every(steps),
                evalExamples,
                null,
                null,
                saveTotalLimit,
                onNan,
                classWeights);
    }

    private TrainSpec with(EvalSteps evaluations, String best) {
        return new TrainSpec(
                id,
                when,
                trains,
                data,
                from,
                epochs,
                maxSteps,
                perDeviceBatchSize,
                gradientAccumulationSteps,
                gradientCheckpointing,
                optimizer,
                learningRate,
                headLearningRate,
                weightDecay,
                adamBeta1,
                adamBeta2,
                adamEpsilon,
                maxGradNorm,
                scheduler,
                warmupRatio,
                warmupSteps,
                loggingSteps,
                evaluations,
                evalExamples,
                best,
                saveSteps,
                saveTotalLimit,
                onNan,
                classWeights);
    }

    /// What is trained.
    public enum Trains implements Named {
        ALL("all"),
        HEAD("head"),
        BODY("body");

        private final String jsonName;

        Trains(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// The optimizers.
    public enum Optimizer implements Named {
        ADAMW("adamw");

        private final String jsonName;

        Optimizer(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Courses of the learning rate.
    public enum Scheduler implements Named {
        LINEAR("linear"),
        COSINE("cosine"),
        CONSTANT("constant");

        private final String jsonName;

        Scheduler(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// What a loss that is not finite does.
    public enum OnNan implements Named {
        STOP("stop"),
        SKIP("skip");

        private final String jsonName;

        OnNan(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
