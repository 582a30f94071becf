package cglora.kernels.device;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What only the text knows that a device of TornadoVM gives of itself: lines of `Driver version :
/// 3.1` and a list of extensions, one a line. Backends other than OpenCL may give less.
final class DeviceText {
    private DeviceText() {}

    static String vendor(String text) {
        return value(text, "Device vendor");
    }

    static String driver(String text) {
        return value(text, "Driver version");
    }

    static Support fp64(String text) {
        String config = value(text, "Double fp config");
        if (!config.isEmpty()) {
            return Support.of(!config.equals("false") && !config.equals("0"));
        }
        return extension(text, "cl_khr_fp64");
    }

    static Support fp16(String text) {
        return extension(text, "cl_khr_fp16");
    }

    /// Empty for the ways in which a driver says that it has no answer.
    static String known(String answer) {
        return answer == null || answer.equals("N/A") || answer.equals("unknown")
                ? ""
                : answer.strip();
    }

    private static Support extension(String text, String name) {
        return text.contains("Extensions:")
                ? Support.of(text.lines().anyMatch(line -> line.strip().equals(name)))
                : Support.UNKNOWN;
    }

    private static String value(String text, String key) {
        Matcher line =
                Pattern.compile("^" + Pattern.quote(key) + "\\s*:[ \\t]*(.*)$", Pattern.MULTILINE)
                        .matcher(text);
        return line.find() ? known(line.group(1)) : "";
    }
}
