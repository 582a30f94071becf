package cglora.pipeline.cli;

import cglora.kernels.check.KernelCheck;
import cglora.kernels.device.DeviceProfile;
import cglora.pipeline.device.EngineChoice;

/// What to do about what [DoctorCommand] finds: it depends on what the device's profile says
/// already.
final class Remedy {
    private static final String OTHERWISE = "until then --engine jvm, or another device";

    /// What the engine says where an option of the profile has undone one that it needs.
    private static final String WITHOUT_OPTION = "TornadoVM was started without ";

    private static final String WITHOUT_RELAXED_ARITHMETIC = "-w";

    private Remedy() {}

    /// For one kernel that does not agree.
    static String of(EngineChoice choice, KernelCheck check) {
        if (!(choice instanceof EngineChoice.Tornado device)) {
            return "please report it";
        }
        if (check.failure().startsWith("did not run")) {
            return "update the driver; " + OTHERWISE;
        }
        DeviceProfile profile = device.profile();
        String flags = profile.compilerFlags();
        if (flags.equals(WITHOUT_RELAXED_ARITHMETIC)) {
            return "the profile "
                    + profile.name()
                    + " forbids relaxed arithmetic already: update the driver, and if it stays,"
                    + " please report it; "
                    + OTHERWISE;
        }
        return "give compiler_flags \"-w\" in the device's profile, which forbids relaxed"
                + " arithmetic%s; if it stays, please report it and use --engine jvm"
                        .formatted(
                                flags.isEmpty()
                                        ? ""
                                        : ", in place of \"" + flags + "\" of " + profile.name());
    }

    /// For a device as a whole.
    ///
    /// @param failure as the check tells it
    static String of(EngineChoice choice, String failure) {
        if (!(choice instanceof EngineChoice.Tornado device)) {
            return "please report it";
        }
        DeviceProfile profile = device.profile();
        int missing = failure.indexOf(WITHOUT_OPTION);
        if (missing >= 0 && !profile.javaOptions().isEmpty()) {
            return "take what contradicts it out of java_options of the profile "
                    + profile.name()
                    + ", which are "
                    + String.join(" ", profile.javaOptions());
        }
        if (missing >= 0) {
            return "start with scripts/cglora, which gives the option";
        }
        return profile.javaOptions().isEmpty()
                ? "update the device's driver; " + OTHERWISE
                : "take java_options out of the profile %s, and if it stays, update the device's driver; %s"
                        .formatted(profile.name(), OTHERWISE);
    }
}
