package cglora.pipeline.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// Counters of microjoules that only go up until they begin again.
final class EnergyCounters implements Energy.Source {
    /// One counter: what it shows, and where it begins again; 0 where it does not.
    private record Counter(Path file, long range) {}

    private final String what;
    private final List<Counter> counters;
    private List<Long> before = List.of();

    private EnergyCounters(String what, List<Counter> counters) {
        this.what = what;
        this.counters = List.copyOf(counters);
    }

    /// Of the processors' packages: each counts its cores and caches.
    ///
    /// @param folder `/sys/class/powercap`
    static Optional<Energy.Source> rapl(Path folder) {
        var counters = new ArrayList<Counter>();
        try (var zones = Files.newDirectoryStream(folder, "*-rapl:[0-9]*")) {
            for (Path zone : zones) {
                boolean isPackage =
                        zone.getFileName().toString().chars().filter(c -> c == ':').count() == 1;
                Path value = zone.resolve("energy_uj");
                OptionalLong range = Hwmon.number(zone.resolve("max_energy_range_uj"));
                if (isPackage && Files.isReadable(value) && range.isPresent()) {
                    counters.add(new Counter(value, range.getAsLong()));
                }
            }
        } catch (IOException e) {
            return Optional.empty(); // a system without counters, or one that keeps them to itself
        }
        return counters.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new EnergyCounters("the processors' whole packages, by RAPL", counters));
    }

    /// Of an Intel GPU.
    ///
    /// @param folder of its driver's sensors
    static Optional<Energy.Source> of(Path folder) {
        Path value = folder.resolve("energy1_input");
        return Hwmon.number(value).isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new EnergyCounters(
                                "the GPU's card, by its driver", List.of(new Counter(value, 0))));
    }

    @Override
    public String what() {
        return what;
    }

    @Override
    public void begin() {
        before = values();
    }

    @Override
    public OptionalDouble end() {
        List<Long> after = values();
        if (before.isEmpty() || after.isEmpty()) {
            return OptionalDouble.empty();
        }
        double micro = 0;
        for (int i = 0; i < after.size(); i++) {
            long used = after.get(i) - before.get(i);
            micro += used < 0 ? used + counters.get(i).range() : used;
        }
        return micro > 0 ? OptionalDouble.of(micro * 1e-6) : OptionalDouble.empty();
    }

    @Override
    public void close() {
        // nothing is open
    }

    /// Empty where one of them cannot be read.
    private List<Long> values() {
        var values = new ArrayList<Long>();
        for (Counter counter : counters) {
            OptionalLong value = Hwmon.number(counter.file());
            if (value.isEmpty()) {
                return List.of();
            }
            values.add(value.getAsLong());
        }
        return values;
    }
}
