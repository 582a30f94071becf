package cglora.pipeline.run;

import cglora.models.training.Trainer;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AutoOr;
import cglora.pipeline.spec.EvalSteps;
import cglora.pipeline.spec.TrainSpec;
import java.util.List;
import java.util.Map;

/// The numbers of a training, from the settings and the size of the data.
final class TrainerOptions {
    /// Steps in a row that may be skipped.
    private static final int SKIPS = 3;

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
            case CG_LORA -> adapter.cg().shift() ? 1e-3 : Inputs.isWhitened(adapter) ? 4e-3 : 2e-3;
        };
    }

    /// Long factors want small rates; LoRA-GA's own are stable, and have a rate of their own.
    private static boolean isStable(AdapterSpec adapter) {
        return adapter.scale() == AdapterSpec.Scale.STABLE
                && adapter.method() != AdapterSpec.Method.FULL
                && adapter.method() != AdapterSpec.Method.LORA_GA;
    }

    static Trainer.Options of(Inputs inputs, TrainSpec t) {
        int perEpoch = stepsPerEpoch(inputs, t);
        int steps = t.maxSteps() != null ? t.maxSteps() : (int) Math.round(exactSteps(inputs, t));
        int warmup =
                t.warmupSteps() != null
                        ? t.warmupSteps()
                        : (int) Math.round((t.warmupRatio() == null ? 0 : t.warmupRatio()) * steps);
        int every = every(t.evalSteps(), perEpoch);
        double rate = t.learningRate().orElse(automaticRate(inputs));
        double headRate = t.headLearningRate() == null ? 1e-3 : t.headLearningRate();
        return new Trainer.Options(
                steps,
                t.gradientAccumulationSteps(),
                rate,
                headRate,
                t.weightDecay(),
                t.adamBeta1(),
                t.adamBeta2(),
                t.adamEpsilon(),
                t.maxGradNorm(),
                Trainer.Schedule.valueOf(t.scheduler().name()),
                warmup,
                inputs.validation().size() == 0 ? 0 : every,
                t.onNan() == TrainSpec.OnNan.SKIP ? SKIPS : 0,
                t.loadBest(),
                classWeights(inputs, t),
                inputs.spec().seed());
    }

    /// By class; null where all examples count the same.
    private static float[] classWeights(Inputs inputs, TrainSpec t) {
        return switch (t.classWeights()) {
            case null -> null;
            case AutoOr.Auto<Map<String, Double>> _ -> balanced(inputs);
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

    /// `n / (k · n_c)`: every class counts the same, and the mean weight of an example is one. A
    /// class without examples has any weight.
    private static float[] balanced(Inputs inputs) {
        int[] labels = inputs.train().labels();
        long[] counts = new long[inputs.examples().labels().names().size()];
        for (int label : labels) {
            counts[label]++;
        }
        float[] weights = new float[counts.length];
        for (int c = 0; c < weights.length; c++) {
            weights[c] =
                    (float) ((double) labels.length / (counts.length * Math.max(1, counts[c])));
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

    /// Steps between two checkpoints; 0 for none. A cell of a grid is run again as a whole, and a
    /// pipeline that trains several times from its start.
    static int saveEvery(RunState run, TrainSpec t) {
        long trainings = run.inputs.stages().stream().filter(TrainSpec.class::isInstance).count();
        return run.isCell || trainings > 1 ? 0 : every(t.saveSteps(), stepsPerEpoch(run.inputs, t));
    }

    /// How many checkpoints there may be at a time: those that stay, the best, and the one that is
    /// being written.
    static long mostCheckpoints(RunState run, TrainSpec t) {
        Trainer.Options options = of(run.inputs, t);
        long all = Math.ceilDiv(options.steps(), saveEvery(run, t)) + 1L;
        return t.saveTotalLimit() == null ? all : Math.min(all, t.saveTotalLimit() + 2L);
    }

    /// The steps of all epochs, before rounding.
    static double exactSteps(Inputs inputs, TrainSpec t) {
        return t.epochs() * stepsPerEpoch(inputs, t);
    }

    private static int stepsPerEpoch(Inputs inputs, TrainSpec t) {
        return Trainer.stepsPerEpoch(
                inputs.train().size(), t.perDeviceBatchSize(), t.gradientAccumulationSteps());
    }
}
