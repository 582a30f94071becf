package cglora.kernels.engine;

import cglora.kernels.program.Launch;
import java.util.Map;
import java.util.TreeMap;

/// Time and work of launches, by family and by kernel.
public final class Profile {
    /// What one family or kernel did.
    ///
    /// @param launches   how many
    /// @param nanos      their time together
    /// @param operations floating-point operations, as far as they are counted
    public record Entry(long launches, long nanos, long operations) {
        Entry plus(Launch launch, long more) {
            return new Entry(launches + 1, nanos + more, operations + launch.operations());
        }
    }

    private final Map<String, Entry> families = new TreeMap<>();
    private final Map<String, Entry> kernels = new TreeMap<>();

    void add(Launch launch, long nanos) {
        var none = new Entry(0, 0, 0);
        String family = launch.kernel().family();
        String kernel = launch.kernel().name();
        families.put(family, families.getOrDefault(family, none).plus(launch, nanos));
        kernels.put(kernel, kernels.getOrDefault(kernel, none).plus(launch, nanos));
    }

    public Map<String, Entry> families() {
        return families;
    }

    public Map<String, Entry> kernels() {
        return kernels;
    }
}
