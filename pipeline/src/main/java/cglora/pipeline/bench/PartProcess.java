package cglora.pipeline.bench;

import cglora.kernels.device.NativeOutput;
import cglora.kernels.error.CgloraException;
import cglora.pipeline.device.WatchedProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
        WatchedProcess.End end =
                WatchedProcess.run(
                        command,
                        limitSeconds,
                        line -> {
                            progress.accept(line);
                            if (NativeOutput.isError(line)) {
                                errors.add(line);
                            }
                        },
                        errors::add);
        return end.hung()
                ? "its process hung: nothing for " + limitSeconds + " s"
                : failure(end.status(), List.copyOf(errors));
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
