package cglora.kernels.device;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A device as people name it: `jvm`, `opencl:0:1` (backend, platform, device of that platform), or
/// `opencl:1` (backend and device, counted over its platforms in order).
///
/// @param backend  `jvm`, or a backend of TornadoVM in lower case: `opencl`, `ptx`, `cuda`, `spirv`
/// @param platform counted from 0; [#ANY_PLATFORM] when the device is counted over all of them
/// @param device   counted from 0
public record DeviceId(String backend, int platform, int device) {
    public static final int ANY_PLATFORM = -1;

    /// This process: the embedded engine.
    public static final DeviceId JVM = new DeviceId("jvm", 0, 0);

    private static final Pattern FORM =
            Pattern.compile("([a-z][a-z0-9_]{0,31}):(\\d{1,4})(?::(\\d{1,4}))?");

    public DeviceId {
        if (!backend.matches("[a-z][a-z0-9_]{0,31}")) {
            throw new IllegalArgumentException("backend '" + backend + "'");
        }
        if (platform < ANY_PLATFORM || device < 0) {
            throw new IllegalArgumentException(backend + " " + platform + " " + device);
        }
    }

    /// Reads what a person typed.
    ///
    /// @throws CgloraException V-DEVICE for anything else
    public static DeviceId parse(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        if (lower.equals(JVM.backend)) {
            return JVM;
        }
        Matcher form = FORM.matcher(lower);
        if (!form.matches() || form.group(1).equals(JVM.backend)) {
            throw new CgloraException(
                    ErrorCode.V_DEVICE,
                    "",
                    "'" + text + "' is not a device, expected jvm, opencl:0 or opencl:0:0",
                    "cglora devices lists the devices of this machine");
        }
        int first = Integer.parseInt(form.group(2));
        return form.group(3) == null
                ? new DeviceId(form.group(1), ANY_PLATFORM, first)
                : new DeviceId(form.group(1), first, Integer.parseInt(form.group(3)));
    }

    public boolean isJvm() {
        return equals(JVM);
    }

    @Override
    public String toString() {
        if (isJvm()) {
            return backend;
        }
        return platform == ANY_PLATFORM
                ? backend + ":" + device
                : backend + ":" + platform + ":" + device;
    }
}
