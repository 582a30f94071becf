package cglora.pipeline.run;

import cglora.models.data.Dataset;
import cglora.models.data.TrainingBatches;
import cglora.models.training.Evaluation;
import cglora.models.training.Trainer;
import cglora.models.training.TrainingOptions;
import cglora.pipeline.spec.TrainSpec;
import java.util.Map;

/// Trains.
final class TrainStage {
    private final RunState run;
    private final Inputs inputs;

    TrainStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// @return what the run shows of it
    String run(TrainSpec t) {
        new HeadStage(run).warm();
        run.states.leave(t.from());
        Inputs own = inputs.on(t.data());
        TrainingBatches batches = own.trainingBatches(t.perDeviceBatchSize());
        TrainingOptions options = TrainerOptions.of(inputs, t);
        int steps = options.steps();
        double rate = options.learningRate();
        int before = TrainerOptions.stepsBefore(inputs, t);
        boolean isLast = inputs.trainings().getLast() == t;
        var trainer = new Trainer(run.session, options, TrainerOptions.part(t));
        Dataset watched =
                t.evalExamples() == null || t.evalExamples() >= own.validation().size()
                        ? own.validation()
                        : own.validation().slice(0, t.evalExamples());
        var listener = new TrainingLog(run, t.id(), before, steps, t.loggingSteps());
        PackingShares.of(inputs, t)
                .ifPresent(
                        packing -> {
                            run.folder.event("packing", packing.event(t.id()));
                            run.progress.note("      %-9s  %s", "packing", packing);
                        });
        var checkpoints = new Checkpoints(run, t, steps, listener);
        checkpoints.restore(trainer);
        long begin = System.nanoTime();
        Trainer.Result result =
                trainer.keptBy(checkpoints)
                        .run(
                                batches,
                                () -> evaluate(own, watched, listener),
                                run::isStopping,
                                listener);
        String cost = checkpoints.describe(System.nanoTime() - begin);
        if (!cost.isEmpty()) {
            run.report.line(
                    inputs.trainings().size() == 1 ? "checkpoints" : "checkpoints, " + t.id(),
                    cost);
        }
        run.trained |= result.steps() > 0;
        if (result.interrupted()) {
            run.interrupt();
        }
        if (run.alignment != null && isLast && !run.interrupted) {
            run.alignment.finish(before + result.bestStep());
        }
        if (result.steps() == 0) {
            return "interrupted before the first step";
        }
        return "%s%d/%d steps  lr %.2g  loss %.3f%s%s%s"
                .formatted(
                        t.trains() == TrainSpec.Trains.ALL ? "" : t.trains().jsonName() + "  ",
                        result.steps(),
                        steps,
                        rate,
                        listener.smoothed(),
                        result.bestStep() == result.steps()
                                ? ""
                                : "  best state of step " + result.bestStep(),
                        result.skipped() == 0
                                ? ""
                                : "  skipped %d whose loss was not finite"
                                        .formatted(result.skipped()),
                        run.interrupted ? "  interrupted; what was learnt is kept" : "");
    }

    private Map<String, Double> evaluate(Inputs own, Dataset watched, TrainingLog log) {
        Evaluation evaluation = run.metrics.evaluate(own, watched);
        if (run.alignment != null && !log.isKnown()) {
            run.alignment.measure(log.lastStep(), evaluation, watched);
        }
        return run.session.task().metrics(evaluation, watched);
    }
}
