package cglora.pipeline.device;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What the launcher `scripts/cglora` is told. It starts a command twice where an SDK of TornadoVM
/// is there: first to learn which engine and which options of Java the command wants, then to
/// run it.
public final class Launch {
    private static final String QUESTION = "cglora.launch.question";
    private static final Set<String> WITH_FLAGS = Set.of("opencl", "ptx", "cuda", "metal");

    private Launch() {}

    /// Whether this process only answers the launcher.
    public static boolean isQuestion() {
        return System.getProperty(QUESTION) != null;
    }

    /// Tells the launcher: `engine jvm` and `why …`, or `engine tornado` and a line `option …` for
    /// each option of Java.
    public static void answer(EngineChoice choice, PrintStream out) {
        switch (choice) {
            case EngineChoice.Jvm(_, String why) -> {
                out.println("engine jvm");
                out.println("why " + why.replaceAll("\\s+", " "));
            }
            case EngineChoice.Tornado(DeviceInfo info, DeviceProfile profile, _) -> {
                out.println("engine tornado");
                options(info, profile).forEach(option -> out.println("option " + option));
            }
        }
    }

    /// TornadoVM's own ceiling of memory is 4 GB unless it is told. The profile's lower one is kept
    /// by our engine, which can say what did not fit. Compiler flags and the profile's options must
    /// be there when TornadoVM's classes load.
    public static List<String> options(DeviceInfo info, DeviceProfile profile) {
        var options = new ArrayList<String>();
        options.add("-Dtornado.device.memory=" + Math.max(1, info.globalMemory() >> 20) + "MB");
        String backend = info.id().backend();
        if (!profile.compilerFlags().isEmpty() && WITH_FLAGS.contains(backend)) {
            options.add("-Dtornado." + backend + ".compiler.flags=" + profile.compilerFlags());
        }
        options.add("-XX:OnError=" + crash(info));
        options.addAll(profile.javaOptions());
        return options;
    }

    /// A shell's command that says what to do when the device's driver has ended the process. Java
    /// would cut it at a semicolon.
    private static String crash(DeviceInfo info) {
        return ("echo 'error V-ENGINE: %1$s: the process crashed, most likely in the driver of the"
                        + " device. cglora doctor --device %1$s names the kernel, --engine jvm works"
                        + " everywhere' >&2")
                .formatted(info.id());
    }

    /// The command that starts this Java again: with the options of this process, further ones,
    /// and other arguments.
    public static List<String> again(Class<?> main, List<String> options, List<String> arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-agentlib:"))
                .forEach(command::add);
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(arguments);
        return command;
    }
}
