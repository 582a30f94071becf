package cglora.kernels.check;

import cglora.kernels.Kernel;
import cglora.kernels.check.KernelSample.Expected;
import cglora.kernels.engine.Engine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// What one kernel gave on an engine, against float64.
///
/// @param failure what is wrong, in words; empty when the results agree
public record KernelCheck(String family, String kernel, String failure) {
    /// Enough for several work groups, little enough for float64 to be quick.
    private static final int MOST_ELEMENTS = 6000;

    public boolean agrees() {
        return failure.isEmpty();
    }

    /// Runs a small sample of every kernel.
    ///
    /// @param engines  makes one for every kernel, so that a failure cannot spoil the next
    /// @param progress told of every result as it comes
    public static List<KernelCheck> all(Supplier<Engine> engines, Consumer<KernelCheck> progress) {
        var checks = new ArrayList<KernelCheck>();
        for (KernelSample sample : samples()) {
            KernelCheck check = of(engines, sample);
            progress.accept(check);
            checks.add(check);
        }
        return checks;
    }

    /// Runs one sample. An engine that throws has failed the check, whatever it throws.
    static KernelCheck of(Supplier<Engine> engines, KernelSample sample) {
        String failure;
        try (Engine engine = engines.get()) {
            failure = compare(sample, SampleRun.on(engine, sample));
        } catch (RuntimeException | LinkageError e) {
            failure = "did not run: " + e;
        }
        return new KernelCheck(sample.kernel().family(), sample.kernel().name(), failure);
    }

    static String compare(KernelSample sample, List<float[]> results) {
        for (int i = 0; i < results.size(); i++) {
            Expected expected = sample.expected().get(i);
            var difference =
                    Closeness.difference(results.get(i), 0, expected.values(), expected.bounds());
            if (difference.isPresent()) {
                return expected.operand() + " of " + sample.name() + ": " + difference.get();
            }
        }
        return "";
    }

    /// One sample of every kernel: the largest that is small.
    static List<KernelSample> samples() {
        Map<Kernel, List<KernelSample>> kernels = new LinkedHashMap<>();
        for (KernelSample sample : KernelSamples.all()) {
            kernels.computeIfAbsent(sample.kernel(), _ -> new ArrayList<>()).add(sample);
        }
        return kernels.values().stream()
                .map(KernelCheck::choose)
                .sorted(Comparator.comparing(sample -> sample.kernel().family()))
                .toList();
    }

    private static KernelSample choose(List<KernelSample> samples) {
        return samples.stream()
                .filter(sample -> elements(sample) <= MOST_ELEMENTS)
                .max(Comparator.comparingInt(KernelCheck::elements))
                .orElse(samples.getFirst());
    }

    private static int elements(KernelSample sample) {
        return sample.operands().stream()
                .mapToInt(a -> a instanceof float[] floats ? floats.length : ((int[]) a).length)
                .sum();
    }
}
