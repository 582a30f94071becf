package cglora.pipeline.run;

import cglora.kernels.tornado.Statistics;
import cglora.kernels.tornado.TornadoEngine;
import java.util.Map;

/// What a stage compiled for a device: TornadoVM compiles every launch of a program at its first
/// execution.
final class Compilations {
    private final RunState run;
    private long graphs;
    private long launches;
    private long nanos;

    /// Counts from now on.
    Compilations(RunState run) {
        this.run = run;
        Statistics statistics = statistics();
        if (statistics != null) {
            graphs = statistics.graphs();
            launches = statistics.tasks();
            nanos = statistics.compileNanos();
        }
    }

    /// Null where there is no device.
    private Statistics statistics() {
        return run.session != null && run.session.engine() instanceof TornadoEngine engine
                ? engine.statistics()
                : null;
    }

    /// Tells what was compiled, and writes it as the event `compiled`.
    void record(String stage, Progress progress) {
        Statistics now = statistics();
        if (now == null || now.graphs() == graphs) {
            return;
        }
        double seconds = (now.compileNanos() - nanos) * 1e-9;
        progress.note(
                "      compiled   %d launches, %.1f s with their first execution; graphs: %d",
                now.tasks() - launches, seconds, now.graphs() - graphs);
        run.folder.event(
                "compiled",
                Map.of(
                        "stage",
                        stage,
                        "graphs",
                        now.graphs() - graphs,
                        "launches",
                        now.tasks() - launches,
                        "seconds",
                        seconds));
    }
}
