package cglora.pipeline.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The computer that a benchmark ran on.
///
/// @param os          name, version, architecture
/// @param processor   as it calls itself
/// @param threads     that Java may use
/// @param memoryBytes of the system; 0 where it does not tell
/// @param java        version and vendor
public record Machine(String os, String processor, int threads, long memoryBytes, String java) {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    static Machine current() {
        return new Machine(
                String.join(
                        " ",
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        System.getProperty("os.arch")),
                processor(PROCESSORS),
                Runtime.getRuntime().availableProcessors(),
                memory(),
                Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
    }

    /// Linux tells the model; elsewhere the architecture must do.
    static String processor(Path file) {
        String other = System.getProperty("os.arch");
        try {
            List<String> lines = Files.isReadable(file) ? Files.readAllLines(file) : List.of();
            return lines.stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(other);
        } catch (IOException e) {
            return other;
        }
    }

    /// A line on what else the processors do, where the system tells it: other work is the first
    /// reason for a wide spread.
    static List<String> load() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0
                ? List.of()
                : List.of(String.format(Locale.ROOT, "system load %.1f when it began", load));
    }

    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }
}
