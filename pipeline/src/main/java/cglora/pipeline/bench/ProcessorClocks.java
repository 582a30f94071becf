package cglora.pipeline.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// Of the processors, from Linux's files: the mean clock of all cores as it changes (cpufreq, in
/// kilohertz), the highest that is allowed, the governor, how often heat throttled them, and the
/// lasting power limit of the first package (RAPL, in microwatts).
final class ProcessorClocks implements Clocks.Source {
    private static final String CORES = "cpu[0-9]*";

    private final Path processors;
    private final Path limit;
    private final Range megahertz = new Range();
    private final long throttled;
    private final Thread thread;

    /// @param system `/sys`
    ProcessorClocks(Path system) {
        processors = system.resolve("devices/system/cpu");
        limit = system.resolve("class/powercap/intel-rapl:0/constraint_0_power_limit_uw");
        throttled = throttledSoFar();
        thread = Thread.ofVirtual().start(this::look);
    }

    private void look() {
        try {
            while (true) {
                mean("scaling_cur_freq").ifPresent(kilohertz -> megahertz.add(kilohertz * 1e-3));
                Thread.sleep(Clocks.MILLIS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the end of it
        }
    }

    @Override
    public List<String> notes() {
        var notes = new ArrayList<String>();
        OptionalDouble now = mean("scaling_cur_freq");
        if (now.isPresent()) {
            megahertz.add(now.getAsDouble() * 1e-3);
            OptionalDouble most = mean("scaling_max_freq");
            String governor = text(processors.resolve("cpu0/cpufreq/scaling_governor"));
            notes.add(
                    "clock %s MHz%s%s"
                            .formatted(
                                    megahertz,
                                    most.isEmpty()
                                            ? ""
                                            : " of at most "
                                                    + Math.round(most.getAsDouble() * 1e-3),
                                    governor.isEmpty() ? "" : ", governor " + governor));
        }
        long since = throttledSoFar() - throttled;
        if (throttled >= 0) {
            notes.add(
                    since == 0 ? "not throttled by heat" : "throttled by heat " + since + " times");
        }
        OptionalLong watts = Hwmon.number(limit);
        if (watts.isPresent()) {
            notes.add("power limit %d W".formatted(Math.round(watts.getAsLong() * 1e-6)));
        }
        return notes;
    }

    /// Of all cores that have the file.
    private OptionalDouble mean(String file) {
        return numbers("cpufreq/" + file).stream().mapToLong(Long::longValue).average();
    }

    /// Cores and packages, as often as the system counted; -1 where it does not.
    private long throttledSoFar() {
        List<Long> cores = numbers("thermal_throttle/core_throttle_count");
        List<Long> packages = numbers("thermal_throttle/package_throttle_count");
        if (cores.isEmpty() && packages.isEmpty()) {
            return -1;
        }
        long ofCores = cores.stream().mapToLong(Long::longValue).sum();
        return ofCores + packages.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    private List<Long> numbers(String file) {
        var numbers = new ArrayList<Long>();
        try (var cores = Files.newDirectoryStream(processors, CORES)) {
            for (Path core : cores) {
                Hwmon.number(core.resolve(file)).ifPresent(numbers::add);
            }
            return numbers;
        } catch (IOException e) {
            return List.of(); // a system without such files
        }
    }

    private static String text(Path file) {
        try {
            return Files.isReadable(file) ? Files.readString(file).strip() : "";
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
