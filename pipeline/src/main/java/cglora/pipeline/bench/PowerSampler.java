package cglora.pipeline.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.OptionalDouble;

/// The power of the only NVIDIA GPU of a machine, as `nvidia-smi` tells it every 100 ms.
final class PowerSampler {
    private final Process process;
    private final Thread reader;
    private final long startNanos = System.nanoTime();
    private double watts;
    private int samples;

    private PowerSampler(Process process) {
        this.process = process;
        this.reader = Thread.ofVirtual().start(this::read);
    }

    /// Begins; null where there is no `nvidia-smi`.
    static PowerSampler start() {
        var command =
                new ProcessBuilder(
                        "nvidia-smi",
                        "--id=0",
                        "--query-gpu=count,power.draw",
                        "--format=csv,noheader,nounits",
                        "--loop-ms=100");
        try {
            return new PowerSampler(command.redirectErrorStream(true).start());
        } catch (IOException e) {
            return null;
        }
    }

    private void read() {
        try (var lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                add(power(line));
            }
        } catch (IOException e) {
            process.destroy(); // the end of the process ends its output, too
        }
    }

    private synchronized void add(OptionalDouble power) {
        if (power.isPresent()) {
            watts += power.getAsDouble();
            samples++;
        }
    }

    /// A line `1, 54.32`: the number of GPUs, and watts. With several nobody knows which was used.
    static OptionalDouble power(String line) {
        String[] parts = line.split(",", -1);
        try {
            return parts.length == 2 && Integer.parseInt(parts[0].strip()) == 1
                    ? OptionalDouble.of(Double.parseDouble(parts[1].strip()))
                    : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    /// Joules since the start; empty where no power was told.
    OptionalDouble stop() {
        double seconds = (System.nanoTime() - startNanos) * 1e-9;
        process.destroy();
        try {
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            return samples == 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(seconds * watts / samples);
        }
    }
}
