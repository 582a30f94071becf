package cglora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The most memory that this process has held.
public final class PeakMemory {
    private PeakMemory() {}

    /// Peak resident memory in MiB where the system tells it, else what the Java heap holds.
    public static double residentMiB() {
        Path status = Path.of("/proc/self/status");
        if (Files.isReadable(status)) {
            try {
                for (String line : Files.readAllLines(status)) {
                    if (line.startsWith("VmHWM:")) {
                        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
                    }
                }
            } catch (IOException e) {
                return heapMiB();
            }
        }
        return heapMiB();
    }

    /// Forgets the peak so far, where the system can (Linux: `clear_refs` of proc(5)).
    public static void restart() {
        System.gc();
        Path references = Path.of("/proc/self/clear_refs");
        if (Files.isWritable(references)) {
            try {
                Files.writeString(references, "5");
            } catch (IOException _) {
                // the peak stays that of the whole process
            }
        }
    }

    private static double heapMiB() {
        return (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) / 1048576.0;
    }
}
