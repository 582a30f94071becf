package cglora.pipeline.bench;

import java.util.List;

/// One benchmark: what was measured, where, with what.
///
/// @param cgloraBench  version of this format
/// @param suiteVersion of [Suite#VERSION]
/// @param cglora       version of the program
/// @param commit       of its sources, with `-dirty` where they were changed; empty where no one
///     knows
/// @param date         when it began, ISO 8601 in UTC
/// @param suites       what was asked for
public record BenchRecord(
        int cgloraBench,
        int suiteVersion,
        String cglora,
        String commit,
        String date,
        int repetitions,
        List<Suite> suites,
        Machine machine,
        List<DeviceRecord> devices) {
    /// The format that is written; a newer one is refused.
    public static final int FORMAT = 1;

    public BenchRecord {
        suites = List.copyOf(suites);
        devices = List.copyOf(devices);
    }

    public boolean succeeded() {
        return devices.stream().allMatch(DeviceRecord::succeeded);
    }
}
