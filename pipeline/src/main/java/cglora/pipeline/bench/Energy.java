package cglora.pipeline.bench;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.pipeline.device.EngineChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// Energy from its making to [#stop], where the platform tells it: of processors from Linux's RAPL
/// counters, of an NVIDIA GPU from `nvidia-smi`.
final class Energy {
    private static final Path COUNTERS = Path.of("/sys/class/powercap");

    /// One counter: what it shows, and where it begins again.
    record Counter(Path file, long range) {
        long value() throws IOException {
            return Long.parseLong(Files.readString(file).strip());
        }
    }

    private final List<Counter> counters;
    private final PowerSampler sampler;
    private final long[] before;
    private OptionalDouble joules = OptionalDouble.empty();

    private Energy(List<Counter> counters, PowerSampler sampler) {
        this.counters = counters;
        this.sampler = sampler;
        this.before = values(counters);
    }

    static Energy of(EngineChoice choice) {
        return switch (choice) {
            case EngineChoice.Jvm _ -> of(COUNTERS);
            case EngineChoice.Tornado(DeviceInfo info, _, _) when info.kind() == DeviceKind.CPU ->
                    of(COUNTERS);
            case EngineChoice.Tornado(DeviceInfo info, _, _)
                    when (info.vendor() + info.name())
                            .toLowerCase(Locale.ROOT)
                            .contains("nvidia") ->
                    new Energy(List.of(), PowerSampler.start());
            case EngineChoice.Tornado _ -> new Energy(List.of(), null);
        };
    }

    static Energy of(Path folder) {
        return new Energy(counters(folder), null);
    }

    /// The packages: each counts its cores and caches.
    private static List<Counter> counters(Path folder) {
        var counters = new ArrayList<Counter>();
        try (var zones = Files.newDirectoryStream(folder, "*-rapl:[0-9]*")) {
            for (Path zone : zones) {
                boolean isPackage =
                        zone.getFileName().toString().chars().filter(c -> c == ':').count() == 1;
                Path value = zone.resolve("energy_uj");
                if (isPackage && Files.isReadable(value)) {
                    String range = Files.readString(zone.resolve("max_energy_range_uj"));
                    counters.add(new Counter(value, Long.parseLong(range.strip())));
                }
            }
            return counters;
        } catch (IOException | NumberFormatException e) {
            return List.of(); // a system without counters, or one that keeps them to itself
        }
    }

    private static long[] values(List<Counter> counters) {
        long[] values = new long[counters.size()];
        try {
            for (int i = 0; i < values.length; i++) {
                values[i] = counters.get(i).value();
            }
            return values;
        } catch (IOException | NumberFormatException e) {
            return new long[0];
        }
    }

    void stop() {
        if (sampler != null) {
            joules = sampler.stop();
            return;
        }
        long[] after = values(counters);
        if (counters.isEmpty() || after.length != before.length) {
            return;
        }
        double micro = 0;
        for (int i = 0; i < after.length; i++) {
            long used = after[i] - before[i];
            micro += used < 0 ? used + counters.get(i).range() : used;
        }
        joules = OptionalDouble.of(micro * 1e-6);
    }

    /// What was used; empty where nothing tells.
    OptionalDouble joules() {
        return joules;
    }
}
