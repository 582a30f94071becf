package cglora.pipeline.run;

import cglora.models.training.Trainer;
import cglora.models.training.TrainingOptions;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.TrainSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/// How long a training will take, from some steps of it that are thrown away.
///
/// @param steps   of the training
/// @param trials  steps that were measured
/// @param seconds of one of them, the median
record TrialSteps(int steps, int trials, double seconds) {
    /// Steps before the ones that count: code is compiled, memory touched.
    private static final int WARM = 3;

    private static final int TRIALS = 5;

    /// Steps that a trial takes.
    static final int COUNT = WARM + TRIALS;

    /// Takes the training's own batches, on the engine; the adapter's values do not matter.
    static TrialSteps measure(Inputs inputs, TrainSpec training, EngineChoice engine) {
        Inputs own = inputs.on(training.data());
        TrainingOptions options = TrainerOptions.of(inputs, training);
        int count = Math.min(options.steps(), COUNT);
        double[] seconds = new double[count];
        try (var session = inputs.session(engine.open())) {
            inputs.checkpoint().weights().release();
            if (inputs.adapterSpec() != null && !inputs.isFull()) {
                session.addAdapters(AdapterLayers.of(inputs));
            }
            new Trainer(session, options.forSteps(count), TrainerOptions.part(training))
                    .run(
                            own.trainingBatches(training.perDeviceBatchSize()),
                            Map::of,
                            () -> false,
                            new Trainer.Listener() {
                                @Override
                                public void step(Trainer.Step step) {
                                    seconds[step.step() - 1] = step.nanos() * 1e-9;
                                }

                                @Override
                                public void skipped(int step, String what) {}

                                @Override
                                public void evaluation(
                                        int step, Map<String, Double> metrics, boolean best) {}
                            });
        }
        return new TrialSteps(options.steps(), count - Math.min(WARM, count - 1), median(seconds));
    }

    /// Of the steps behind those that do not count.
    static double median(double[] seconds) {
        int count = seconds.length;
        double[] counted = Arrays.copyOfRange(seconds, Math.min(WARM, count - 1), count);
        Arrays.sort(counted);
        return counted[counted.length / 2];
    }

    /// `about 32.0 s for 60 steps (5 trial steps, 533 ms each)`.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "about %s for %d steps (%d trial %s, %.0f ms each); evaluations come on top",
                Progress.time(steps * seconds),
                steps,
                trials,
                trials == 1 ? "step" : "steps",
                1e3 * seconds);
    }
}
