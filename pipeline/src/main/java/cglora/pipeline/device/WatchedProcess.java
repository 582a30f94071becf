package cglora.pipeline.device;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A process of its own for what may crash or hang, such as a driver: its lines are heard as they
/// come, and it is ended with all that it started when it says nothing for too long.
public final class WatchedProcess {
    /// How it ended.
    ///
    /// @param status its exit status
    /// @param hung   whether it was ended because it said nothing
    public record End(int status, boolean hung) {}

    private WatchedProcess() {}

    /// Runs a process to its end; it is given no input.
    ///
    /// @param limitSeconds how long it may print nothing
    /// @param output       gets each line of its standard output
    /// @param errors       gets each line of its standard error, from another thread
    /// @throws IOException where it does not start
    public static End run(
            List<String> command,
            long limitSeconds,
            Consumer<String> output,
            Consumer<String> errors)
            throws IOException {
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        var heard = new AtomicLong(System.nanoTime());
        var hung = new AtomicBoolean();
        Thread.ofVirtual().start(() -> endWhenSilent(process, limitSeconds, heard, hung));
        Thread reader = Thread.ofVirtual().start(() -> read(process.getErrorStream(), errors));
        try {
            read(
                    process.getInputStream(),
                    line -> {
                        heard.set(System.nanoTime());
                        output.accept(line);
                    });
            int status = process.waitFor();
            reader.join();
            return new End(status, hung.get());
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void endWhenSilent(
            Process process, long limitSeconds, AtomicLong heard, AtomicBoolean hung) {
        try {
            while (!process.waitFor(1, TimeUnit.SECONDS)) {
                if (System.nanoTime() - heard.get() > TimeUnit.SECONDS.toNanos(limitSeconds)) {
                    hung.set(true);
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void read(InputStream stream, Consumer<String> lines) {
        try (var reader =
                new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            reader.lines().forEach(lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
