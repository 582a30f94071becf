package cglora.pipeline.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Consumer;

/// The power of the only GPU of its maker in a machine, about every 100 ms. Energy is the mean
/// power times the time.
final class PowerSampler implements Energy.Source {
    private static final int MILLIS = 100;

    /// With fewer samples a mean says nothing.
    private static final int FEWEST = 5;

    /// So long a source may take to tell its first power: a driver that wakes up.
    private static final long PATIENCE_MILLIS = 5000;

    private final String what;

    /// Ends the samples.
    private Runnable running = () -> {};

    private long beginNanos;
    private double watts;
    private int samples;

    private PowerSampler(String what) {
        this.what = what;
    }

    /// Begins to sample.
    ///
    /// @param command `nvidia-smi`; empty is the result where there is none
    static Optional<Energy.Source> nvidia(String command) {
        var sampler = new PowerSampler("the GPU's card, by nvidia-smi");
        Consumer<String> line = text -> power(text).ifPresent(sampler::add);
        return LineProcess.start(
                        List.of(
                                command,
                                "--id=0",
                                "--query-gpu=count,power.draw",
                                "--format=csv,noheader,nounits",
                                "--loop-ms=" + MILLIS),
                        line)
                .map(
                        process -> {
                            sampler.running = process::close;
                            return sampler;
                        });
    }

    /// Of an AMD GPU, whose driver tells a mean power, a momentary one, or both.
    ///
    /// @param folder of the driver's sensors
    static Optional<Energy.Source> of(Path folder) {
        for (String name : List.of("power1_average", "power1_input")) {
            Path file = folder.resolve(name);
            if (Hwmon.number(file).isPresent()) {
                var sampler = new PowerSampler("the GPU's card, by its driver");
                Thread thread = Thread.ofVirtual().start(() -> sampler.poll(file));
                sampler.running = thread::interrupt;
                return Optional.of(sampler);
            }
        }
        return Optional.empty();
    }

    private void poll(Path file) {
        try {
            while (true) {
                OptionalLong micro = Hwmon.number(file);
                if (micro.isPresent()) {
                    add(micro.getAsLong() * 1e-6);
                }
                Thread.sleep(MILLIS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the end of it
        }
    }

    private synchronized void add(double power) {
        watts += power;
        samples++;
        notifyAll();
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

    @Override
    public String what() {
        return what;
    }

    @Override
    public synchronized void begin() {
        long limit = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        try {
            while (samples == 0 && System.nanoTime() < limit) {
                wait(MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        watts = 0;
        samples = 0;
        beginNanos = System.nanoTime();
    }

    @Override
    public OptionalDouble end() {
        double seconds = (System.nanoTime() - beginNanos) * 1e-9;
        synchronized (this) {
            return samples < FEWEST
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(seconds * watts / samples);
        }
    }

    @Override
    public void close() {
        running.run();
    }
}
