package cglora.pipeline.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A command that prints a line every now and then until it is ended.
final class LineProcess implements AutoCloseable {
    private final Process process;
    private final Thread reader;

    private LineProcess(Process process, Consumer<String> lines) {
        this.process = process;
        this.reader = Thread.ofVirtual().start(() -> read(lines));
    }

    /// Empty where there is no such command.
    static Optional<LineProcess> start(List<String> command, Consumer<String> lines) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            return Optional.of(new LineProcess(process, lines));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private void read(Consumer<String> lines) {
        try (var in =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            in.lines().forEach(lines);
        } catch (IOException | java.io.UncheckedIOException e) {
            process.destroy(); // the end of the process ends its output, too
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
