package cglora.pipeline.run;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.Profile;
import java.util.LinkedHashMap;
import java.util.Map;

/// The time that a stage spends in each family of kernels, on the jvm engine: two looks at the
/// clock a launch. A device's own times cost a profiler that slows it down, so they are not taken.
final class KernelTimes {
    private final RunState run;
    private Profile profile;

    /// Counts from now on, where there is a session to count.
    KernelTimes(RunState run) {
        this.run = run;
        if (run.session != null && run.session.engine() instanceof JvmEngine jvm) {
            profile = jvm.startProfile();
        }
    }

    /// Writes what was counted as the event `kernels`.
    void record(String stage) {
        if (profile == null || profile.families().isEmpty()) {
            return;
        }
        var families = new LinkedHashMap<String, Object>();
        profile.families()
                .forEach(
                        (family, entry) ->
                                families.put(
                                        family,
                                        Map.of(
                                                "launches", entry.launches(),
                                                "seconds", entry.nanos() * 1e-9,
                                                "operations", entry.operations())));
        run.folder.event("kernels", Map.of("stage", stage, "families", families));
    }
}
