package cglora.pipeline.run;

import cglora.models.training.TrainedPart;
import cglora.models.training.Trainer;
import cglora.models.training.TrainingOptions;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AutoOr;
import cglora.pipeline.spec.EvalSteps;
import cglora.pipeline.spec.TrainSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The numbers of a training, from the settings and the size of the data.
final class TrainerOptions {
    /// Steps in a row that may be skipped.
    private static final int SKIPS = 3;

    /// Between the seeds of two trainings of a run; odd, and far from what a person would type.
    private static final long SEED_STEP = 0x9E3779B97F4A7C15L;

    private TrainerOptions() {}

    /// Rates that measurement chose for each method.
    private static double automaticRate(Inputs inputs) {
        AdapterSpec adapter = inputs.adapterSpec();
        if (adapter == null) {
            return 4e-4;
        }
        if (isStable(adapter)) {
            return 1e-3;
        }
        return switch (adapter.method()) {
            case FULL -> 4e-4;
            case LORA, RSLORA, EVA, LORA_ONE -> 2e-3;
            case PISSA, OLORA -> 1e-3;
            case LORA_GA -> 5e-4;
            case CG_LORA ->
                    adapter.cg().shift() ? 1e-3 : AdapterLayers.isWhitened(adapter) ? 4e-3 : 2e-3;
        };
    }

    /// Long factors want small rates; LoRA-GA's own are stable, and have a rate of their own.
    private static boolean isStable(AdapterSpec adapter) {
        return adapter.scale() == AdapterSpec.Scale.STABLE
                && adapter.method() != AdapterSpec.Method.FULL
                && adapter.method() != AdapterSpec.Method.LORA_GA;
    }

    static TrainingOptions of(Inputs inputs, TrainSpec t) {
        int perEpoch = stepsPerEpoch(inputs, t);
        int steps = steps(inputs, t);
        int warmup =
                t.warmupSteps() != null
                        ? t.warmupSteps()
                        : (int) Math.round((t.warmupRatio() == null ? 0 : t.warmupRatio()) * steps);
        int every = every(t.evalSteps(), perEpoch);
        double rate = t.learningRate().orElse(automaticRate(inputs));
        double headRate = t.headLearningRate() == null ? 1e-3 : t.headLearningRate();
        return new TrainingOptions(
                steps,
                t.gradientAccumulationSteps(),
                rate,
                headRate,
                t.weightDecay(),
                t.adamBeta1(),
                t.adamBeta2(),
                t.adamEpsilon(),
                t.maxGradNorm(),
                TrainingOptions.Schedule.valueOf(t.scheduler().name()),
                warmup,
                inputs.on(t.data()).validation().size() == 0 ? 0 : every,
                t.onNan() == TrainSpec.OnNan.SKIP ? SKIPS : 0,
                t.loadBest(),
                classWeights(inputs, t),
                t.gradientCheckpointing(),
                seed(inputs, t));
    }

    /// At most what an `int` holds; [TrainCheck] refuses more.
    private static int steps(Inputs inputs, TrainSpec t) {
        return t.maxSteps() != null
                ? t.maxSteps()
                : (int) Math.min(Integer.MAX_VALUE, Math.round(exactSteps(inputs, t)));
    }

    /// Of the order of the data and of dropout: each training has its own, also where one before
    /// it is left out.
    private static long seed(Inputs inputs, TrainSpec t) {
        long before =
                inputs.spec().stages().stream()
                        .takeWhile(stage -> stage != t)
                        .filter(TrainSpec.class::isInstance)
                        .count();
        return inputs.spec().seed() + SEED_STEP * before;
    }

    /// By class; null where all examples count the same.
    private static float[] classWeights(Inputs inputs, TrainSpec t) {
        return switch (t.classWeights()) {
            case null -> null;
            case AutoOr.Auto<Map<String, Double>> _ -> balanced(inputs.on(t.data()));
            case AutoOr.Given<Map<String, Double>>(Map<String, Double> given) -> {
                List<String> names = inputs.examples().labels().names();
                float[] weights = new float[names.size()];
                for (int c = 0; c < weights.length; c++) {
                    weights[c] = given.getOrDefault(names.get(c), 1.0).floatValue();
                }
                yield weights;
            }
        };
    }

    /// `n / (k · n_c)`: every class counts the same, and the mean weight of an example, or of a
    /// token, is one. A class without examples has any weight.
    private static float[] balanced(Inputs inputs) {
        long[] counts = new long[inputs.examples().labels().names().size()];
        inputs.train().classes().forEach(label -> counts[label]++);
        long all = Arrays.stream(counts).sum();
        float[] weights = new float[counts.length];
        for (int c = 0; c < weights.length; c++) {
            weights[c] = (float) ((double) all / (counts.length * Math.max(1, counts[c])));
        }
        return weights;
    }

    private static int every(EvalSteps when, int perEpoch) {
        return switch (when) {
            case null -> 0;
            case EvalSteps.Epoch() -> perEpoch;
            case EvalSteps.Every(int n) -> n;
        };
    }

    /// Steps between two checkpoints; 0 for none.
    static int saveEvery(Inputs inputs, TrainSpec t) {
        return every(t.saveSteps(), stepsPerEpoch(inputs, t));
    }

    /// Whether the last step has a checkpoint: also where a later training writes some, which can
    /// only be gone on from where this one's end is known.
    static boolean savesEnd(Inputs inputs, TrainSpec t) {
        List<TrainSpec> all = inputs.trainings();
        return all.subList(all.indexOf(t), all.size()).stream()
                .anyMatch(other -> saveEvery(inputs, other) > 0);
    }

    /// How many checkpoints there may be at a time: those that stay, the best, and the one that is
    /// being written.
    static long mostCheckpoints(Inputs inputs, TrainSpec t) {
        int every = saveEvery(inputs, t);
        if (every == 0) {
            return savesEnd(inputs, t) ? 1 : 0;
        }
        long all = Math.ceilDiv(steps(inputs, t), every) + 1L;
        return t.saveTotalLimit() == null ? all : Math.min(all, t.saveTotalLimit() + 2L);
    }

    /// Steps of the trainings before this one.
    static int stepsBefore(Inputs inputs, TrainSpec t) {
        return (int) Math.min(Integer.MAX_VALUE, exactStepsBefore(inputs, t));
    }

    /// The same, however many they are.
    static long exactStepsBefore(Inputs inputs, TrainSpec t) {
        List<TrainSpec> all = inputs.trainings();
        return all.subList(0, all.indexOf(t)).stream()
                .mapToLong(before -> steps(inputs, before))
                .sum();
    }

    /// The parameters that are trained.
    static TrainedPart part(TrainSpec t) {
        return TrainedPart.valueOf(t.trains().name());
    }

    /// The steps of all epochs, before rounding.
    static double exactSteps(Inputs inputs, TrainSpec t) {
        return t.epochs() * stepsPerEpoch(inputs, t);
    }

    private static int stepsPerEpoch(Inputs inputs, TrainSpec t) {
        return Trainer.stepsPerEpoch(
                inputs.on(t.data()).trainingRows(),
                t.perDeviceBatchSize(),
                t.gradientAccumulationSteps());
    }
}
