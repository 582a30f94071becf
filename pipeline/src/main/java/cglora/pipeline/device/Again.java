package cglora.pipeline.device;

import java.util.ArrayList;
import java.util.List;

/// Starts cglora anew with other arguments.
public final class Again {
    /// Set by the launcher: where it is.
    private static final String LAUNCHER = "cglora.launcher";

    private Again() {}

    /// By the launcher, which gives the new process the options of Java that its engine needs;
    /// where it is not known, as this process was started.
    public static List<String> command(Class<?> main, List<String> arguments) {
        String launcher = System.getProperty(LAUNCHER, "");
        if (launcher.isEmpty()) {
            return Launch.again(main, List.of(), arguments);
        }
        var command = new ArrayList<String>(List.of(launcher));
        command.addAll(arguments);
        return command;
    }
}
