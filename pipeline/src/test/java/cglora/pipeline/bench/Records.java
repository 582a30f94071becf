package cglora.pipeline.bench;

import java.util.Arrays;
import java.util.List;

/// Records made up for tests.
final class Records {
    private Records() {}

    static Result result(Suite suite, String test, Unit unit, Double... samples) {
        return new Result(suite, test, unit, List.of(samples), null, "");
    }

    static DeviceRecord device(String id, Result... results) {
        return new DeviceRecord(
                id,
                "name of " + id,
                "tornado",
                "opencl",
                "a platform",
                "1.2",
                "OpenCL C 1.2",
                "a-profile",
                "5.2.0-jdk25",
                40,
                List.of(),
                Arrays.asList(results),
                List.of("a note"),
                "");
    }

    static BenchRecord record(DeviceRecord... devices) {
        return record(Suite.VERSION, devices);
    }

    static BenchRecord record(int suiteVersion, DeviceRecord... devices) {
        return new BenchRecord(
                BenchRecord.FORMAT,
                suiteVersion,
                "0.1",
                "abc",
                "2026-01-02T03:04:05Z",
                3,
                List.of(Suite.GEMM, Suite.STEP),
                new Machine("an os", "a processor", 2, 1L << 34, "25"),
                Arrays.asList(devices));
    }
}
