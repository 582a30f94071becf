package cglora.pipeline.bench;

import cglora.pipeline.device.EngineChoice;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/// Energy between [#begin] and [#end], where the platform tells it: of processors from Linux's RAPL
/// counters, of an NVIDIA GPU from `nvidia-smi`, of an AMD or Intel GPU from its driver's files.
///
/// Powers come in samples and counters in steps: what is shorter than [#SHORTEST] is not told.
final class Energy implements AutoCloseable {
    private static final Path SYSTEM = Path.of("/sys/class");

    private static final String NVIDIA = "nvidia-smi";

    /// Nanoseconds.
    static final long SHORTEST = 2_000_000_000L;

    /// What tells joules.
    interface Source extends AutoCloseable {
        /// Whose energy it is, and who tells it.
        String what();

        /// Waits until the source tells something, and counts from then on.
        void begin();

        /// Joules since [#begin]; empty where too little was told.
        OptionalDouble end();

        /// Nothing more is asked for.
        @Override
        void close();
    }

    private final Optional<Source> source;
    private long beginNanos;
    private String note = "energy: nothing here tells it";

    private Energy(Optional<Source> source) {
        this.source = source;
    }

    static Energy of(EngineChoice choice) {
        return of(Part.of(choice), SYSTEM, NVIDIA);
    }

    /// @param system  `/sys/class`
    /// @param command NVIDIA's, as the shell finds it
    static Energy of(Part part, Path system, String command) {
        return new Energy(
                switch (part) {
                    case PROCESSOR -> EnergyCounters.rapl(system.resolve("powercap"));
                    case NVIDIA_GPU -> PowerSampler.nvidia(command);
                    case AMD_GPU -> Hwmon.only(system, "amdgpu").flatMap(PowerSampler::of);
                    case INTEL_GPU -> Hwmon.only(system, "i915", "xe").flatMap(EnergyCounters::of);
                    case OTHER -> Optional.empty();
                });
    }

    void begin() {
        source.ifPresent(Source::begin);
        beginNanos = System.nanoTime();
    }

    /// Whether more work is needed before an energy can be told.
    boolean isTooShort() {
        return source.isPresent() && System.nanoTime() - beginNanos < SHORTEST;
    }

    /// Joules since [#begin]; empty where nothing tells them.
    OptionalDouble end() {
        boolean isTooShort = isTooShort();
        OptionalDouble told = source.map(Source::end).orElse(OptionalDouble.empty());
        if (source.isEmpty()) {
            return told;
        }
        if (isTooShort || told.isEmpty()) {
            note =
                    isTooShort
                            ? "energy: too short to tell"
                            : "energy: %s told too little".formatted(source.get().what());
            return OptionalDouble.empty();
        }
        note = "energy of " + source.get().what();
        return told;
    }

    /// For the reader of the record, after [#end].
    String note() {
        return note;
    }

    @Override
    public void close() {
        source.ifPresent(Source::close);
    }
}
