package cglora.pipeline.bench;

import cglora.kernels.device.NativeOutput;
import cglora.kernels.error.CgloraException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Measures one device in a process of its own, so that each has the memory, the compiled code and
/// the driver to itself, and a driver that crashes takes nothing else with it.
final class PartProcess {
    private static final int SHOWN = 3;

    private final long limitSeconds;
    private final Consumer<String> progress;

    /// @param limitSeconds a process that prints nothing for so long is ended
    /// @param progress     gets what the process prints
    PartProcess(long limitSeconds, Consumer<String> progress) {
        this.limitSeconds = limitSeconds;
        this.progress = progress;
    }

    /// @param device names the device where the process told nothing
    /// @param part   the file that the process writes
    DeviceRecord run(List<String> command, String device, Path part) {
        List<String> errors = Collections.synchronizedList(new ArrayList<>());
        String failure;
        try {
            failure = failure(command, errors);
        } catch (IOException e) {
            return DeviceRecord.failed(device, "its process did not start: " + e.getMessage());
        }
        if (!Files.isRegularFile(part)) {
            return DeviceRecord.failed(
                    device, failure.isEmpty() ? "its process wrote no record" : failure);
        }
        try {
            DeviceRecord record = RecordFormat.readPart(part);
            return failure.isEmpty() ? record : record.withFailure(failure);
        } catch (CgloraException e) {
            return DeviceRecord.failed(device, e.problems().getFirst().what());
        }
    }

    /// Runs the process to its end; empty when all is well.
    private String failure(List<String> command, List<String> errors) throws IOException {
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        var heard = new AtomicLong(System.nanoTime());
        var hangs = new AtomicBoolean();
        Thread.ofVirtual().start(() -> endWhenSilent(process, heard, hangs));
        Thread reader = Thread.ofVirtual().start(() -> read(process.getErrorStream(), errors::add));
        try {
            read(
                    process.getInputStream(),
                    line -> {
                        heard.set(System.nanoTime());
                        progress.accept(line);
                        if (NativeOutput.isError(line)) {
                            errors.add(line);
                        }
                    });
            int status = process.waitFor();
            reader.join();
            return hangs.get()
                    ? "its process hung: nothing for " + limitSeconds + " s"
                    : failure(status, List.copyOf(errors));
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void endWhenSilent(Process process, AtomicLong heard, AtomicBoolean hangs) {
        try {
            while (!process.waitFor(1, TimeUnit.SECONDS)) {
                if (System.nanoTime() - heard.get() > TimeUnit.SECONDS.toNanos(limitSeconds)) {
                    hangs.set(true);
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

    static String failure(int status, List<String> errors) {
        List<String> told =
                errors.stream()
                        .filter(line -> !line.isBlank() && !line.startsWith("WARNING: "))
                        .map(String::strip)
                        .toList();
        if (status != 0) {
            String tail = String.join("; ", told.subList(0, Math.min(SHOWN, told.size())));
            return tail.isEmpty()
                    ? "its process ended with status " + status
                    : "its process ended with status " + status + ": " + tail;
        }
        return told.stream()
                .filter(NativeOutput::isError)
                .findFirst()
                .map(line -> "the driver reported " + line)
                .orElse("");
    }
}
