package cglora.pipeline.device;

import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.Named;
import cglora.pipeline.spec.RecordFile;
import cglora.pipeline.spec.Setting;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A device profile as its JSON file spells it.
public record ProfileFile(
        @Setting("Unique name, as --profile takes it") String name,
        @Setting(value = "What it is for, in a line", byDefault = "null", nullable = true)
                String description,
        @Setting(
                        value =
                                "Where the sizes were measured; null where they are starting points",
                        byDefault = "null",
                        nullable = true)
                String measured,
        @Setting("TornadoVM backend of the device") Backend backend,
        @Setting("Kind of the device; accelerators count as gpu") Kind kind,
        @Setting(
                        value =
                                "Regular expression found in the platform's name, in any case; null takes all",
                        byDefault = "null",
                        nullable = true)
                String platform,
        @Setting(
                        value =
                                "Regular expression found in the device's name, in any case; null takes all",
                        byDefault = "null",
                        nullable = true)
                String device,
        @Setting(
                        value = "Part of the device's memory that a run may take",
                        byDefault = "0.9",
                        min = 0,
                        aboveMin = true,
                        max = 1)
                double memoryFraction,
        @Setting(
                        value =
                                "Work items of a work group where a kernel has no size of its own; 0 leaves it to the driver",
                        byDefault = "0",
                        min = 0,
                        max = 65536)
                int workGroup,
        @Setting(
                        value = "Tile and work-group sizes by family and name, as in matmul.tile",
                        byDefault = "{}",
                        min = 1,
                        max = 1048576)
                Map<String, Integer> sizes,
        @Setting(
                        value = "Flags for the driver's compiler; null keeps those of TornadoVM",
                        byDefault = "null",
                        nullable = true)
                String compilerFlags,
        @Setting(value = "Further options of java", byDefault = "null", nullable = true)
                List<String> javaOptions) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");
    private static final Pattern SIZE = Pattern.compile("(matmul|attention)\\.tile");

    /// The backends of TornadoVM.
    public enum Backend implements Named {
        OPENCL,
        PTX,
        CUDA,
        SPIRV,
        METAL;

        @Override
        public String jsonName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// [DeviceKind] as files spell it.
    public enum Kind implements Named {
        CPU(DeviceKind.CPU),
        GPU(DeviceKind.GPU);

        private final DeviceKind kind;

        Kind(DeviceKind kind) {
            this.kind = kind;
        }

        @Override
        public String jsonName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Reads a file.
    ///
    /// @throws CgloraException with everything that is wrong in it
    static DeviceProfile read(Path file) {
        ProfileFile read = RecordFile.read(file, ProfileFile.class);
        var problems = new Problems();
        String where = file.toString();
        if (!NAME.matcher(read.name).matches()) {
            problems.error(
                    ErrorCode.P_VALUE,
                    where + " /name",
                    "found \"" + read.name + "\", expected lower-case letters, digits and hyphens",
                    "");
        }
        regex(problems, where + " /platform", read.platform);
        regex(problems, where + " /device", read.device);
        read.sizes.forEach(
                (size, value) -> {
                    boolean known = SIZE.matcher(size).matches();
                    if (!known || value != 8 && value != 16) {
                        problems.error(
                                ErrorCode.P_VALUE,
                                where + " /sizes/" + size,
                                known
                                        ? "found " + value + ", expected 8 or 16"
                                        : "no such size, expected matmul.tile or attention.tile",
                                "");
                    }
                });
        if (read.workGroup > 256 || Integer.bitCount(read.workGroup) > 1) {
            problems.error(
                    ErrorCode.P_VALUE,
                    where + " /work_group",
                    "found " + read.workGroup + ", expected 0 or a power of two up to 256",
                    "");
        }
        if (read.javaOptions != null) {
            for (String option : read.javaOptions) {
                if (!option.startsWith("-") || option.matches(".*\\s.*")) {
                    problems.error(
                            ErrorCode.P_VALUE,
                            where + " /java_options",
                            "found \"" + option + "\", expected one option without blanks",
                            "as in -Dname=value");
                }
            }
        }
        problems.throwIfAny();
        return read.profile().from(where);
    }

    private static void regex(Problems problems, String where, String text) {
        try {
            var _ = Pattern.compile(text == null ? "" : text);
        } catch (PatternSyntaxException e) {
            problems.error(
                    ErrorCode.P_VALUE,
                    where,
                    "not a regular expression: "
                            + e.getDescription()
                            + " at character "
                            + (e.getIndex() + 1)
                            + " of \""
                            + text
                            + "\"",
                    "a backslash before ( ) [ ] . takes the character itself");
        }
    }

    private DeviceProfile profile() {
        return new DeviceProfile(
                name,
                backend.jsonName(),
                kind.kind,
                platform == null ? "" : platform,
                device == null ? "" : device,
                memoryFraction,
                workGroup,
                sizes,
                compilerFlags == null ? "" : compilerFlags,
                javaOptions == null ? List.of() : javaOptions);
    }

    /// The JSON Schema of profile files.
    public static String schema() {
        return RecordFile.schema(ProfileFile.class, "cglora device profile");
    }
}
