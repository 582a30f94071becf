package cglora.kernels.device;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// How devices of one kind are used: what they are recognised by, and the sizes that suit them.
///
/// @param name           unique, as in `nvidia-opencl`
/// @param backend        of TornadoVM, in lower case
/// @param platform       regular expression that is found in the platform's name; empty for any
/// @param device         regular expression that is found in the device's name; empty for any
/// @param memoryFraction part of the global memory that may be taken, above 0 and at most 1
/// @param workGroup      work items of a work group where a kernel has no size of its own; 0 leaves
///     the choice to the driver
/// @param sizes          by `family.size`; known are `matmul.tile` and `attention.tile`, rows and
///     columns of work items of a work group
/// @param compilerFlags  for the driver's compiler; empty for those of TornadoVM
/// @param javaOptions    further options of the Java process
/// @param memoryLimiter  what set `memoryFraction` and how more is allowed, as in `raise
///     engine.memory_fraction`
public record DeviceProfile(
        String name,
        String backend,
        DeviceKind kind,
        String platform,
        String device,
        double memoryFraction,
        int workGroup,
        Map<String, Integer> sizes,
        String compilerFlags,
        List<String> javaOptions,
        String memoryLimiter) {
    /// The setting of a pipeline that goes before a profile's.
    private static final String SETTING = "raise engine.memory_fraction";

    /// Suits any device, and none well.
    private static final double GENERIC_MEMORY = 0.8;

    public DeviceProfile {
        requireNonNull(kind, "kind");
        requireNonNull(backend, "backend");
        if (!(memoryFraction > 0 && memoryFraction <= 1)) {
            throw new IllegalArgumentException("memory fraction " + memoryFraction);
        }
        if (workGroup < 0) {
            throw new IllegalArgumentException("work group " + workGroup);
        }
        Pattern.compile(platform);
        Pattern.compile(device);
        sizes = Map.copyOf(sizes);
        javaOptions = List.copyOf(javaOptions);
    }

    /// A profile whose part of the memory a pipeline sets.
    public DeviceProfile(
            String name,
            String backend,
            DeviceKind kind,
            String platform,
            String device,
            double memoryFraction,
            int workGroup,
            Map<String, Integer> sizes,
            String compilerFlags,
            List<String> javaOptions) {
        this(
                name,
                backend,
                kind,
                platform,
                device,
                memoryFraction,
                workGroup,
                sizes,
                compilerFlags,
                javaOptions,
                SETTING);
    }

    /// For a device that no profile knows.
    public static DeviceProfile generic(DeviceInfo info) {
        return new DeviceProfile(
                "generic-" + info.kind().name().toLowerCase(java.util.Locale.ROOT),
                info.id().backend(),
                info.kind(),
                "",
                "",
                GENERIC_MEMORY,
                0,
                Map.of(),
                "",
                List.of());
    }

    /// Whether the device is of this kind.
    public boolean matches(DeviceInfo info) {
        return backend.equals(info.id().backend())
                && kind == info.kind()
                && found(platform, info.platform())
                && found(device, info.name());
    }

    private static boolean found(String regex, String text) {
        return Pattern.compile(regex, Pattern.CASE_INSENSITIVE).matcher(text).find();
    }

    /// Grows with what a device must fulfil: its name says more than its platform.
    public int specificity() {
        return (platform.isEmpty() ? 0 : 1) + (device.isEmpty() ? 0 : 2);
    }

    /// The size of that name, or another where the profile does not have it.
    public int size(String key, int otherwise) {
        return sizes.getOrDefault(key, otherwise);
    }

    /// With a smaller or larger part of the memory.
    ///
    /// @param limiter how more is allowed
    public DeviceProfile withMemoryFraction(double fraction, String limiter) {
        return new DeviceProfile(
                name,
                backend,
                kind,
                platform,
                device,
                fraction,
                workGroup,
                sizes,
                compilerFlags,
                javaOptions,
                limiter);
    }

    /// The same part of the memory, set by a pipeline.
    public DeviceProfile withMemoryFraction(double fraction) {
        return withMemoryFraction(fraction, SETTING);
    }

    /// The same profile, as a file has it.
    public DeviceProfile from(String file) {
        return withMemoryFraction(
                memoryFraction,
                "raise memory_fraction, %s in %s, or set engine.memory_fraction"
                        .formatted(memoryFraction, file));
    }

    /// Bytes that may be taken of a device.
    public long memoryLimit(DeviceInfo info) {
        return (long) (memoryFraction * info.globalMemory());
    }

    /// The sizes in the order of their names.
    public Map<String, Integer> sortedSizes() {
        return new TreeMap<>(sizes);
    }
}
