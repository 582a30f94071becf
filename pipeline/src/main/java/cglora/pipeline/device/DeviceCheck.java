package cglora.pipeline.device;

import cglora.kernels.check.KernelCheck;
import cglora.kernels.device.DeviceId;
import cglora.kernels.device.NativeOutput;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// Checks all kernels on one device, in a Java process of its own: a bad driver ends that process,
/// and only that one.
public final class DeviceCheck {
    /// What the check found.
    ///
    /// @param checks  of all kernels that ran
    /// @param failure what is wrong with the device as a whole; empty when all kernels had their
    ///     turn
    public record Outcome(List<KernelCheck> checks, String failure) {
        public Outcome {
            checks = List.copyOf(checks);
        }

        public boolean agrees() {
            return failure.isEmpty() && checks.stream().allMatch(KernelCheck::agrees);
        }
    }

    private static final String CHECK = "cglora-check\t";
    private static final String END = "cglora-checks-end";
    private static final long LIMIT_SECONDS = 120;

    private static final int SHOWN = 3;

    private DeviceCheck() {}

    /// Runs the checks in this process and prints them for the process that started it.
    public static void print(EngineChoice choice, PrintStream out) {
        KernelCheck.all(
                choice::open,
                check -> {
                    String failure = check.failure().replaceAll("\\s+", " ");
                    out.println(CHECK + String.join("\t", check.family(), check.kernel(), failure));
                    out.flush();
                });
        out.println(END);
        out.flush();
    }

    /// Runs the checks in a process of its own.
    ///
    /// @param command the program and its arguments; what it prints comes from [#print]
    /// @param device  named in failures
    public static Outcome run(List<String> command, DeviceId device) {
        List<String> errors = Collections.synchronizedList(new ArrayList<>());
        var checks = new ArrayList<KernelCheck>();
        var whole = new AtomicBoolean();
        try {
            WatchedProcess.End end =
                    WatchedProcess.run(
                            command,
                            LIMIT_SECONDS,
                            line -> {
                                if (line.equals(END)) {
                                    whole.set(true);
                                } else if (line.startsWith(CHECK)) {
                                    String[] parts = line.substring(CHECK.length()).split("\t", -1);
                                    checks.add(new KernelCheck(parts[0], parts[1], parts[2]));
                                } else if (NativeOutput.isError(line)) {
                                    errors.add(line);
                                }
                            },
                            errors::add);
            String failure = failure(end.status(), whole.get(), end.hung(), checks, errors, device);
            return new Outcome(checks, failure);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String failure(
            int status,
            boolean whole,
            boolean hangs,
            List<KernelCheck> checks,
            List<String> errors,
            DeviceId device) {
        List<String> told =
                errors.stream()
                        .filter(line -> !line.isBlank() && !line.startsWith("WARNING: "))
                        .toList();
        String last = checks.isEmpty() ? "the first kernel" : "kernel " + checks.getLast().kernel();
        if (hangs) {
            return "hangs: nothing for " + LIMIT_SECONDS + " s after " + last;
        }
        if (!whole) {
            String tail = String.join("; ", told.subList(0, Math.min(SHOWN, told.size()))).strip();
            return "the process on %s ended with status %d after %s%s"
                    .formatted(device, status, last, tail.isEmpty() ? "" : ": " + tail);
        }
        return told.stream()
                .filter(NativeOutput::isError)
                .findFirst()
                .map(line -> "the driver reported " + line.strip())
                .orElse("");
    }
}
