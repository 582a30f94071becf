package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LargeArrays;
import cglora.models.training.AdapterStart;
import cglora.models.training.CgLoraStart;
import cglora.models.training.CgLoraStart.Sample;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.PeakMemory;
import cglora.pipeline.run.WhiteningChoice;
import cglora.pipeline.spec.CgSpec;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// Measures one form of initialisation of one model, in this process: first that it is right, then
/// its memory, then its time.
public final class InitPart {
    /// Where one start takes more of the processors, that of the memory's measurement is the only
    /// one.
    private static final double LONG_SECONDS = 300;

    private final EngineChoice choice;
    private final InitModel model;
    private final InitForm form;
    private final int repetitions;
    private final PrintStream out;
    private final CgLoraStart.Arithmetic arithmetic;

    /// @param name `model/form`
    public InitPart(EngineChoice choice, String name, int repetitions, PrintStream out) {
        String[] keys = name.split("/", 2);
        this.choice = choice;
        this.model = InitModel.of(keys[0]);
        this.form = InitForm.of(keys[1]);
        this.repetitions = repetitions;
        this.out = out;
        this.arithmetic = WhiteningChoice.of(CgSpec.Arithmetic.AUTO, choice).arithmetic();
    }

    /// @param data what [InitData#write] wrote
    /// @param part where the results go
    public void run(Path data, Path part) {
        DeviceRecord record = DeviceRecord.failed(choice.device(), "");
        String wrong = InitCheck.of(form, choice).orElse("");
        List<Result> results =
                wrong.isEmpty()
                        ? measure(InitData.read(model, data))
                        : List.of(
                                Result.failed(
                                        Suite.INIT,
                                        model.test(form) + "time",
                                        Unit.SECONDS,
                                        wrong));
        RecordFormat.writePart(part, record.with(results, List.of()));
    }

    /// @param seconds     from the first calibration example to the adapters' values
    /// @param cpuSeconds  of all threads in that time
    /// @param stepSeconds the part of it in which the length of the step was looked for
    /// @param mebibytes   the most that the process held beyond what it held before
    /// @param loss        on examples that nothing else saw
    private record Start(
            double seconds, double cpuSeconds, double stepSeconds, double mebibytes, double loss) {}

    private List<Result> measure(InitData data) {
        // arrays are collected before the heap grows: the peak is what is needed
        LargeArrays.allow(0);
        Start first = start(data);
        told("memory", first);
        var timed = new ArrayList<Start>();
        LargeArrays.allow(Runtime.getRuntime().maxMemory());
        for (int i = 0; i < repetitions && first.cpuSeconds() < LONG_SECONDS; i++) {
            timed.add(start(data));
            told("time", timed.getLast());
        }
        if (timed.isEmpty()) {
            timed.add(first);
        }
        String test = model.test(form);
        var results = new ArrayList<Result>();
        results.add(result(test + "time", Unit.SECONDS, timed, Start::seconds));
        results.add(result(test + "processor time", Unit.SECONDS, timed, Start::cpuSeconds));
        if (form.isCurvatureGuided()) {
            results.add(result(test + "time of the step", Unit.SECONDS, timed, Start::stepSeconds));
        }
        results.add(
                result(
                        test + "peak extra memory",
                        Unit.MEBIBYTES,
                        List.of(first),
                        Start::mebibytes));
        double before = lossBefore(data);
        results.add(
                result(test + "held-out fall", Unit.NATS, timed, start -> before - start.loss()));
        return results;
    }

    private static Result result(
            String test, Unit unit, List<Start> starts, ToDoubleFunction<Start> value) {
        return Result.of(Suite.INIT, test, unit, starts.stream().mapToDouble(value).toArray());
    }

    private Start start(InitData data) {
        try (Engine engine = choice.open();
                Session session = model.session(engine)) {
            data.writeHead(session);
            PeakMemory.restart();
            double before = PeakMemory.residentMiB();
            long cpu = ProcessorTime.nanos();
            long begin = System.nanoTime();
            AdapterStart.Result result = form.start(session, data, arithmetic);
            double seconds = (System.nanoTime() - begin) * 1e-9;
            double cpuSeconds = (ProcessorTime.nanos() - cpu) * 1e-9;
            double peak = PeakMemory.residentMiB() - before;
            return new Start(
                    seconds, cpuSeconds, result.stepSeconds(), peak, loss(session, data.heldOut()));
        }
    }

    /// The held-out loss of the model without adapters.
    private double lossBefore(InitData data) {
        try (Engine engine = choice.open();
                Session session = model.session(engine)) {
            data.writeHead(session);
            return loss(session, data.heldOut());
        }
    }

    private static double loss(Session session, Sample sample) {
        return session.evaluator().evaluate(sample.batches(), sample.data().size()).loss();
    }

    private void told(String what, Start start) {
        out.println(
                String.format(
                        Locale.ROOT,
                        "  %-7s %s%.2f s, %.2f s of processors, step %.2f s, %.0f MiB, held-out"
                                + " loss %.4f",
                        what,
                        model.test(form),
                        start.seconds(),
                        start.cpuSeconds(),
                        start.stepSeconds(),
                        start.mebibytes(),
                        start.loss()));
        out.flush();
    }
}
