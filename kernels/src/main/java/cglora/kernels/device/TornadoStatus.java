package cglora.kernels.device;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether this Java process is one of TornadoVM, started so that it can be trusted. Reads system
/// properties and the SDK's files only: TornadoVM's classes fail in obscure ways outside of it.
public final class TornadoStatus {
    /// Set by TornadoVM's argument file.
    private static final String LOADED = "tornado.load.api.implementation";

    /// Unless it is false, a kernel that fails runs as plain Java, and nobody is told.
    private static final String BAILOUT = "tornado.recover.bailout";

    /// TornadoVM's interpreter has 4096 bytes for a task graph unless told otherwise.
    private static final String BYTECODES = "tornado.tvm.maxbytecodesize";

    private static final int FEWEST_BYTECODES = 65_536;

    private TornadoStatus() {}

    /// What is in the way of using TornadoVM; empty when nothing is.
    public static Optional<Problem> problem() {
        return problem(
                System.getProperty(LOADED),
                System.getProperty(BAILOUT),
                System.getProperty(BYTECODES));
    }

    static Optional<Problem> problem(String loaded, String bailout, String bytecodes) {
        if (loaded == null) {
            return Optional.of(
                    new Problem(
                            ErrorCode.V_ENGINE,
                            "",
                            "this Java was started without TornadoVM",
                            "start with scripts/cglora --engine tornado, or java"
                                    + " @$TORNADOVM_HOME/tornado-argfile; --engine jvm needs"
                                    + " neither"));
        }
        var missing = new ArrayList<String>();
        if (bailout == null || !bailout.equalsIgnoreCase("false")) {
            missing.add("-D" + BAILOUT + "=False");
        }
        if (!isLargeEnough(bytecodes)) {
            missing.add("-D" + BYTECODES + "=1000000");
        }
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Problem(
                                ErrorCode.V_ENGINE,
                                "",
                                "TornadoVM was started without " + String.join(" ", missing),
                                "start with scripts/cglora --engine tornado, or add the option"));
    }

    private static boolean isLargeEnough(String bytes) {
        try {
            return bytes != null && Long.parseLong(bytes) >= FEWEST_BYTECODES;
        } catch (NumberFormatException _) {
            // Not a number: TornadoVM would not take it either.
            return false;
        }
    }

    /// Whether TornadoVM's argument file is in force.
    public static boolean isLoaded() {
        return System.getProperty(LOADED) != null;
    }

    /// @throws CgloraException V-ENGINE unless TornadoVM can be used
    public static void require() {
        problem()
                .ifPresent(
                        p -> {
                            throw new CgloraException(p.code(), p.where(), p.what(), p.fix());
                        });
    }

    /// The version of the SDK, as the launcher read it or as the SDK's own file has it; empty where
    /// there is none.
    public static String version() {
        String told = System.getProperty("cglora.tornado.version", "");
        return told.isEmpty() ? TornadoRelease.version(libraryPath()) : told;
    }

    /// The backends of the SDK, likewise.
    public static List<String> backends() {
        String told = System.getProperty("cglora.tornado.backends", "");
        String text = told.isBlank() ? TornadoRelease.backends(libraryPath()) : told;
        return text.isBlank() ? List.of() : List.of(text.split(","));
    }

    private static String libraryPath() {
        return System.getProperty("java.library.path", "");
    }
}
