package cglora.pipeline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// Of the only NVIDIA GPU of a machine, as `nvidia-smi` tells it: the clock of its multiprocessors,
/// the highest there is, the power limit, and why it ran slower than it could.
final class NvidiaClocks implements Clocks.Source {
    /// Bits of `clocks_throttle_reasons.active` (NVML's `nvmlClocksEventReasons`) that slow work
    /// down; an idle GPU and a clock that was asked for are no such reasons.
    private enum Reason {
        POWER_LIMIT(0x4, "power limit"),
        SLOWDOWN(0x8, "hardware slowdown"),
        HEAT(0x20 | 0x40, "heat"),
        POWER_BRAKE(0x80, "power brake");

        private final long bits;
        private final String text;

        Reason(long bits, String text) {
            this.bits = bits;
            this.text = text;
        }
    }

    private static final int FIELDS = 5;

    private final Range megahertz = new Range();
    private final TreeSet<Reason> reasons = new TreeSet<>();
    private LineProcess process;
    private String most = "";
    private String limit = "";
    private int samples;
    private int throttled;

    private NvidiaClocks() {}

    /// Empty where there is no such command.
    static Optional<Clocks.Source> of(String command) {
        var clocks = new NvidiaClocks();
        Optional<LineProcess> started =
                LineProcess.start(
                        List.of(
                                command,
                                "--id=0",
                                "--query-gpu=count,clocks.sm,clocks.max.sm,power.limit,"
                                        + "clocks_throttle_reasons.active",
                                "--format=csv,noheader,nounits",
                                "--loop-ms=" + Clocks.MILLIS),
                        clocks::add);
        clocks.process = started.orElse(null);
        return started.map(_ -> clocks);
    }

    /// A line `1, 1980, 1980, 700.00, 0x0000000000000000`. What is not told is `[N/A]`.
    synchronized void add(String line) {
        String[] parts = line.strip().split("\\s*,\\s*", -1);
        if (parts.length != FIELDS || !parts[0].equals("1")) {
            return; // with several GPUs nobody knows which was used
        }
        try {
            megahertz.add(Double.parseDouble(parts[1]));
            most = parts[2].matches("\\d+") ? " of at most " + parts[2] : "";
            limit = parts[3].matches("[\\d.]+") ? parts[3] : "";
            long active = parts[4].startsWith("0x") ? Long.decode(parts[4]) : 0;
            boolean isSlowed = false;
            for (Reason reason : Reason.values()) {
                if ((active & reason.bits) != 0) {
                    reasons.add(reason);
                    isSlowed = true;
                }
            }
            throttled += isSlowed ? 1 : 0;
            samples++;
        } catch (NumberFormatException _) {
            // a line of words: the driver does not answer
        }
    }

    @Override
    public synchronized List<String> notes() {
        if (samples == 0) {
            return List.of();
        }
        var notes = new ArrayList<String>();
        notes.add("clock " + megahertz + " MHz" + most);
        notes.add(
                throttled == 0
                        ? "not throttled"
                        : "throttled in %d of %d samples: %s"
                                .formatted(
                                        throttled,
                                        samples,
                                        String.join(
                                                ", ", reasons.stream().map(r -> r.text).toList())));
        if (!limit.isEmpty()) {
            notes.add("power limit %d W".formatted(Math.round(Double.parseDouble(limit))));
        }
        return notes;
    }

    @Override
    public void close() {
        process.close();
    }
}
