package cglora.pipeline.device;

import cglora.kernels.device.DeviceDiscovery;
import cglora.kernels.device.DeviceDiscovery.Found;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What this Java process can do with TornadoVM, and what its launcher knew.
///
/// @param problem why TornadoVM cannot be used; empty when it can
/// @param devices looks for devices
/// @param ceiling bytes that TornadoVM takes of a device at most, whatever the device has
/// @param backends that the SDK has, in lower case; empty where that is not known
public record TornadoProcess(
        Optional<Problem> problem, Supplier<Found> devices, long ceiling, List<String> backends) {
    /// TornadoVM's option, and what holds without it.
    private static final String CEILING = "tornado.device.memory";

    private static final String DEFAULT_CEILING = "4GB";
    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})(?:([KMGTP]?)B)?");

    /// Set by the launcher where it found no SDK that fits: what it looked for.
    static final String MISSING = "cglora.tornado.missing";

    /// Set by the launcher where it found an SDK that does not fit.
    private static final String UNFIT = "cglora.tornado.unfit";

    /// Set by the launcher where a first look at the devices found none to choose.
    static final String WHY = "cglora.launch.why";

    private static final String HOW_TO_GET =
            "install TornadoVM 5.2.0-jdk25 (www.tornadovm.org, or \"sdk install tornadovm"
                    + " 5.2.0-jdk25-opencl\" of SDKMAN) and set TORNADOVM_HOME to its folder; --engine jvm works without";

    /// What to do where TornadoVM is there and finds no device.
    public static final String HOW_TO_GET_A_DEVICE =
            "install the OpenCL or CUDA driver of the device; --engine jvm works without";

    /// What to do where TornadoVM is there without a backend.
    public static final String HOW_TO_GET_A_BACKEND =
            "install a build of TornadoVM 5.2.0-jdk25 that has it, such as full: each download"
                    + " names its backends";

    public TornadoProcess {
        backends = List.copyOf(backends);
    }

    /// This process.
    public static TornadoProcess current() {
        return new TornadoProcess(
                problem(
                        TornadoStatus.problem(),
                        System.getProperty(MISSING),
                        System.getProperty(WHY)),
                DeviceDiscovery::find,
                bytes(System.getProperty(CEILING, DEFAULT_CEILING)),
                TornadoStatus.backends());
    }

    /// Whether the SDK is known to be without a backend.
    public boolean lacks(String backend) {
        return !backends.isEmpty() && !backends.contains(backend);
    }

    /// What is said of a backend that the SDK does not have.
    public String lack(String backend) {
        return "this TornadoVM has no %s backend, only %s"
                .formatted(backend.toUpperCase(Locale.ROOT), String.join(", ", backends));
    }

    /// Whether there is a TornadoVM on this machine, of use or not.
    public static boolean isInstalled() {
        return TornadoStatus.isLoaded() || System.getProperty(UNFIT) != null;
    }

    /// TornadoVM's spelling: `12GB` is 12 · 2³⁰. A text that it would not take is no ceiling.
    static long bytes(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            return Long.MAX_VALUE;
        }
        String unit = size.group(2) == null ? "" : size.group(2);
        int power = unit.isEmpty() ? 0 : "KMGTP".indexOf(unit) + 1;
        return Long.parseLong(size.group(1)) << (10 * power);
    }

    static Optional<Problem> problem(Optional<Problem> status, String missing, String why) {
        if (status.isEmpty()) {
            return Optional.empty();
        }
        if (missing != null) {
            return Optional.of(
                    new Problem(ErrorCode.V_ENGINE, "", "no TornadoVM: " + missing, HOW_TO_GET));
        }
        return why == null
                ? status
                : Optional.of(new Problem(ErrorCode.V_ENGINE, "", why, status.get().fix()));
    }
}
