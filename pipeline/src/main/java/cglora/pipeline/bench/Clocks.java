package cglora.pipeline.bench;

import cglora.pipeline.device.EngineChoice;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Clocks, throttling and power limits while something is measured, where the platform tells them:
/// of processors Linux's cpufreq, `thermal_throttle` and RAPL's limits, of an NVIDIA GPU
/// `nvidia-smi`, of other GPUs their driver's sensors.
final class Clocks implements AutoCloseable {
    private static final Path SYSTEM = Path.of("/sys");

    private static final String NVIDIA = "nvidia-smi";

    /// So often a clock is looked at.
    static final int MILLIS = 500;

    /// What tells clocks.
    interface Source extends AutoCloseable {
        /// What was seen since the source was made, a line each.
        List<String> notes();

        @Override
        void close();
    }

    private final Optional<Source> source;

    private Clocks(Optional<Source> source) {
        this.source = source;
    }

    /// Begins to look.
    static Clocks of(EngineChoice choice) {
        return of(Part.of(choice), SYSTEM, NVIDIA);
    }

    /// @param system  `/sys`
    /// @param command NVIDIA's, as the shell finds it
    static Clocks of(Part part, Path system, String command) {
        Path sensors = system.resolve("class");
        return new Clocks(
                switch (part) {
                    case PROCESSOR -> Optional.of(new ProcessorClocks(system));
                    case NVIDIA_GPU -> NvidiaClocks.of(command);
                    case AMD_GPU -> Hwmon.only(sensors, "amdgpu").map(SensorClocks::new);
                    case INTEL_GPU -> Hwmon.only(sensors, "i915", "xe").map(SensorClocks::new);
                    case OTHER -> Optional.empty();
                });
    }

    /// For the reader of the record.
    List<String> notes() {
        List<String> told = source.map(Source::notes).orElse(List.of());
        return told.isEmpty() ? List.of("clocks: nothing here tells them") : told;
    }

    @Override
    public void close() {
        source.ifPresent(Source::close);
    }
}
