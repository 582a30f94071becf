package cglora.pipeline.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/// Measures devices one after the other and makes one record of it.
///
/// @param version     of cglora
/// @param repetitions samples of each test
/// @param command     the program that measures a device, and the file it is to write, as a command
/// @param silence     seconds after which a process that prints nothing is ended
/// @param progress    lines for people
public record Benchmark(
        String version,
        Set<Suite> suites,
        int repetitions,
        BiFunction<String, Path, List<String>> command,
        long silence,
        Consumer<String> progress) {
    /// Set by the launcher: the commit of the sources.
    private static final String COMMIT = "cglora.commit";

    /// @param devices names, as `cglora devices` lists them
    public BenchRecord run(List<String> devices) {
        String date = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        var records = new ArrayList<DeviceRecord>();
        try {
            Path folder = Files.createTempDirectory("cglora-bench");
            for (String device : devices) {
                Path part = folder.resolve("part.json");
                records.add(
                        new PartProcess(silence, progress)
                                .run(command.apply(device, part), device, part));
                Files.deleteIfExists(part);
                Files.deleteIfExists(folder.resolve("part.json.tmp"));
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new BenchRecord(
                BenchRecord.FORMAT,
                Suite.VERSION,
                version,
                System.getProperty(COMMIT, ""),
                date,
                repetitions,
                List.copyOf(suites),
                Machine.current(),
                records);
    }
}
