package cglora.pipeline.run;

import cglora.kernels.engine.NullEngine;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.data.BatchShape;
import cglora.models.training.Trainer;
import cglora.models.training.TrainingOptions;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.PipelineReading;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a run would take: parameters, steps, the memory of the process in each stage, disk and
/// time. Reads configuration, headers and data, and weights only for the time; writes nothing.
public final class Plan {
    private final PipelineReading reading;
    private final EngineChoice engine;
    private final PrintStream out;
    private final PrintStream err;
    private final boolean probes;
    private final Map<String, Object> record = new LinkedHashMap<>();

    /// @param probes whether some steps are tried for the time
    public Plan(
            PipelineReading reading,
            EngineChoice engine,
            PrintStream out,
            PrintStream err,
            boolean probes) {
        this.reading = reading;
        this.engine = engine;
        this.out = out;
        this.err = err;
        this.probes = probes;
    }

    /// What was printed, for programs: `trainings`, `engine`, `device`, `memory` and
    /// `disk` in bytes, and `time` in seconds where steps were tried.
    public Map<String, Object> record() {
        return record;
    }

    /// @throws cglora.kernels.error.CgloraException as checking the pipeline; K-MEMORY or V-MEMORY,
    ///     after the plan, where a stage does not fit
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
        var session = inputs.session(new NullEngine());
        if (inputs.adapterSpec() != null && !inputs.isFull()) {
            session.addAdapters(AdapterLayers.of(inputs));
        }
        var trainings = new ArrayList<Map<String, Object>>();
        record.put("trainings", trainings);
        long base = session.task().bodyParameters().stream().mapToLong(p -> p.size()).sum();
        for (StageSpec stage : inputs.stages()) {
            if (stage instanceof TrainSpec t) {
                TrainingOptions options = TrainerOptions.of(inputs, t);
                new Trainer(session, options, TrainerOptions.part(t));
                var program =
                        session.training()
                                .planned(
                                        new BatchShape(
                                                t.perDeviceBatchSize(),
                                                16,
                                                inputs.writes() ? 8 : 0,
                                                inputs.on(t.data()).packing() != null));
                out.printf(
                        Locale.ROOT,
                        "parameters   %.2f M base   %.3f M trained (%.2f %%)%n",
                        base / 1e6,
                        session.training().trainedParameters() / 1e6,
                        100.0 * session.training().trainedParameters() / base);
                out.printf(
                        "steps        %d of %d %s, %d launches each%n",
                        options.steps(),
                        (long) t.perDeviceBatchSize() * t.gradientAccumulationSteps(),
                        inputs.on(t.data()).packing() == null ? "examples" : "packed rows",
                        program.launches().size());
                var training = new LinkedHashMap<String, Object>();
                training.put("stage", t.id());
                training.put("base_parameters", base);
                training.put("trained_parameters", session.training().trainedParameters());
                training.put("steps", options.steps());
                training.put(
                        "examples_per_step",
                        (long) t.perDeviceBatchSize() * t.gradientAccumulationSteps());
                training.put("launches_per_step", program.launches().size());
                trainings.add(training);
                PackingShares.of(inputs, t)
                        .ifPresent(packing -> out.printf("packing      %s%n", packing));
            }
        }
        session.close();
        out.printf("engine       %s (%s)%n", engine.device(), engine.why());
        record.put("engine", engine.device());
        List<MemoryPlan> stages = RunMemory.of(inputs, engine);
        record.put("memory", MemoryPlan.records(stages));
        record.put("disk", DiskPlan.of(inputs, true).bytes());
        MemoryPlan largest = MemoryPlan.largest(stages);
        out.printf("memory       %s%n", largest);
        for (MemoryPlan stage : stages) {
            if (stage != largest) {
                out.printf("             %s%n", stage);
            }
        }
        long mapped = inputs.onEach().stream().mapToLong(i -> i.examples().mappedBytes()).sum();
        if (mapped > 0) {
            out.printf(
                    Locale.ROOT,
                    "             %.1f MiB of tokens in mapped files come on top as page cache, which"
                            + " the system takes back where memory is short%n",
                    mapped / 1048576.0);
        }
        if (engine instanceof EngineChoice.Tornado device) {
            showFit(inputs, stages, device);
        }
        out.printf("disk         %s%s%n", DiskPlan.of(inputs, true), free());
        MemoryPlan.requireFit(stages, engine);
        for (TrainSpec training : probes ? inputs.trainings() : List.<TrainSpec>of()) {
            TrialSteps time = TrialSteps.measure(inputs, training, engine);
            record.merge(
                    "time",
                    Map.of(training.id(), time.seconds() * time.steps()),
                    (one, other) -> {
                        var both = new LinkedHashMap<Object, Object>((Map<?, ?>) one);
                        both.putAll((Map<?, ?>) other);
                        return both;
                    });
            out.printf("time         %s  %s%n", training.id(), time);
        }
    }

    /// What is there of the disk that the run will write to.
    private String free() {
        Path place = Path.of(reading.spec().outputDir()).toAbsolutePath();
        while (place != null && !Files.exists(place)) {
            place = place.getParent();
        }
        try {
            return place == null
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            "; %s has %.0f MiB free",
                            place,
                            Files.getFileStore(place).getUsableSpace() / 1048576.0);
        } catch (IOException _) {
            return ""; // the run says what is wrong with it
        }
    }

    /// Whether the arrays of training fit the device; on the jvm engine the heap's size decides,
    /// which Java tells by itself.
    private void showFit(Inputs inputs, List<MemoryPlan> plans, EngineChoice.Tornado device) {
        out.println("             TornadoVM and the device's driver come on top");
        long limit = device.profile().memoryLimit(device.info());
        for (StageSpec stage : inputs.stages()) {
            if (stage instanceof TrainSpec) {
                plans.stream()
                        .filter(plan -> plan.stage().equals(stage.id()))
                        .mapToLong(MemoryPlan::engineBytes)
                        .forEach(
                                bytes ->
                                        out.printf(
                                                Locale.ROOT,
                                                "device       %s lends %.1f MiB, %s takes %.1f:"
                                                        + " %s%n",
                                                device.info(),
                                                limit / 1048576.0,
                                                stage.id(),
                                                bytes / 1048576.0,
                                                bytes <= limit ? "fits" : "does not fit"));
            }
        }
    }
}
