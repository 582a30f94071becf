package cglora.kernels.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A main class in a Java of its own, started as this one was: a device's driver may end it.
public final class ForkedJava {
    private static final long LIMIT_SECONDS = 900;

    /// How it ended.
    public record Outcome(int status, String out, String err) {}

    private ForkedJava() {}

    /// @param options     of Java, behind those of this process: the last of a kind holds
    /// @param environment beside that of this process
    /// @throws IllegalStateException when it does not end in fifteen minutes
    public static Outcome run(
            Class<?> main,
            List<String> options,
            Map<String, String> environment,
            List<String> arguments) {
        return run(command(main, options, arguments), environment);
    }

    /// Any program, in a folder of its own.
    ///
    /// @throws IllegalStateException when it does not end in fifteen minutes
    public static Outcome run(List<String> command, Map<String, String> environment) {
        try {
            Path folder = Files.createTempDirectory("forked");
            Path out = folder.resolve("out");
            Path err = folder.resolve("err");
            // whatever a crash leaves, it leaves there
            var builder = new ProcessBuilder(command).directory(folder.toFile());
            builder.environment().putAll(environment);
            builder.redirectOutput(out.toFile()).redirectError(err.toFile());
            Process process = builder.start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new IllegalStateException(command + " does not end");
            }
            var outcome =
                    new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
            return outcome;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// The program and its arguments.
    public static List<String> command(
            Class<?> main, List<String> options, List<String> arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(options);
        command.add("-cp");
        command.add(classPath());
        command.add(main.getName());
        command.addAll(arguments);
        return command;
    }

    /// Of this process. Surefire starts Java with a jar that only names the class path.
    public static String classPath() {
        return System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path"));
    }
}
