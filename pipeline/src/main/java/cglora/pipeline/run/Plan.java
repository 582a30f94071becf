package cglora.pipeline.run;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.training.Session;
import cglora.models.training.Trainer;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.PipelineReading;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.io.PrintStream;
import java.util.Locale;

/// What a run would take: parameters, steps and the exact memory of its arrays. Reads
/// configuration, headers and data; trains nothing, writes nothing.
public final class Plan {
    private final PipelineReading reading;
    private final EngineChoice engine;
    private final PrintStream out;
    private final PrintStream err;

    public Plan(PipelineReading reading, EngineChoice engine, PrintStream out, PrintStream err) {
        this.reading = reading;
        this.engine = engine;
        this.out = out;
        this.err = err;
    }

    public void print() {
        var notes = new Problems();
        try (Inputs inputs = InputCheck.read(reading.spec(), notes)) {
            for (Problem warning : notes.warnings()) {
                err.println(warning.render("warning"));
            }
            print(inputs);
        }
    }

    private void print(Inputs inputs) {
        var session =
                new Session(
                        new NullEngine(),
                        inputs.classifier(),
                        inputs.checkpoint(),
                        inputs.isFull());
        if (inputs.adapterSpec() != null && !inputs.isFull()) {
            session.addAdapters(inputs.layers());
        }
        long base = session.model().bodyParameters().stream().mapToLong(p -> p.size()).sum();
        for (StageSpec stage : inputs.stages()) {
            if (stage instanceof TrainSpec t) {
                Trainer.Options options = TrainerOptions.of(inputs, t);
                new Trainer(session, options);
                int[] buckets = inputs.batcher(1).buckets();
                int widest = buckets[buckets.length - 1];
                for (int bucket : buckets) {
                    if (inputs.train().longest() <= bucket) {
                        widest = bucket;
                        break;
                    }
                }
                var program = session.plannedTraining(t.perDeviceBatchSize(), widest);
                out.printf(
                        Locale.ROOT,
                        "parameters   %.2f M base   %.3f M trained (%.2f %%)%n",
                        base / 1e6,
                        session.trainedParameters() / 1e6,
                        100.0 * session.trainedParameters() / base);
                out.printf(
                        "steps        %d of %d examples, %d launches each%n",
                        options.steps(),
                        t.perDeviceBatchSize() * t.gradientAccumulationSteps(),
                        program.launches().size());
                out.printf(
                        Locale.ROOT,
                        "memory       %.1f MiB at train, batch %d x %d: weights, gradients and"
                                + " optimizer %.1f  adapters %.1f  activations %.1f%n",
                        (session.persistentBytes()
                                        + session.adapterBytes()
                                        + program.scratchBytes())
                                / 1048576.0,
                        t.perDeviceBatchSize(),
                        widest,
                        session.persistentBytes() / 1048576.0,
                        session.adapterBytes() / 1048576.0,
                        program.scratchBytes() / 1048576.0);
                fits(session.persistentBytes() + session.adapterBytes() + program.scratchBytes());
            }
        }
        session.close();
    }

    /// Whether the arrays fit the device; on the jvm engine the heap's size decides, which Java
    /// tells by itself.
    private void fits(long bytes) {
        out.printf("engine       %s (%s)%n", engine.device(), engine.why());
        if (engine instanceof EngineChoice.Tornado(DeviceInfo info, DeviceProfile profile, _)) {
            long limit = profile.memoryLimit(info);
            out.printf(
                    Locale.ROOT,
                    "device       %s lends %.1f MiB: %s%n",
                    info,
                    limit / 1048576.0,
                    bytes <= limit ? "fits" : "does not fit");
        }
    }
}
