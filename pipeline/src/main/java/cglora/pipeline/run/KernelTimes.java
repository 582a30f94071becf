package cglora.pipeline.run;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.Profile;
import cglora.kernels.tornado.TornadoEngine;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/// The time that a stage spends in each family of kernels. On the jvm engine two looks at the clock
/// a launch; on a device TornadoVM's profiler looks at a few executions of each program, the others
/// count as these.
final class KernelTimes {
    private final RunState run;
    private Supplier<Map<String, Profile.Entry>> counted = Map::of;
    private boolean isSampled;

    /// Counts from now on, where there is a session to count.
    KernelTimes(RunState run) {
        this.run = run;
        switch (run.session == null ? null : run.session.engine()) {
            case JvmEngine jvm -> counted = jvm.startProfile()::families;
            case TornadoEngine tornado -> {
                counted = tornado.sampleTimes()::families;
                isSampled = true;
            }
            case null, default -> {}
        }
    }

    /// Writes what was counted as the event `kernels`.
    void record(String stage) {
        var families = new LinkedHashMap<String, Object>();
        counted.get()
                .forEach(
                        (family, entry) ->
                                families.put(
                                        family,
                                        Map.of(
                                                "launches", entry.launches(),
                                                "seconds", entry.nanos() * 1e-9,
                                                "operations", entry.operations())));
        if (!families.isEmpty()) {
            run.folder.event(
                    "kernels", Map.of("stage", stage, "families", families, "sampled", isSampled));
        }
    }
}
