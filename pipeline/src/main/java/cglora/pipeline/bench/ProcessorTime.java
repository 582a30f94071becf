package cglora.pipeline.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/// What this process has taken of the processors: on a machine with other work it says more than
/// the clock.
final class ProcessorTime {
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private ProcessorTime() {}

    /// All threads together, since the process began.
    static long nanos() {
        return SYSTEM.getProcessCpuTime();
    }
}
