package cglora.pipeline.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// The sensors that a driver of Linux shows as files (the kernel's "hwmon sysfs interface": powers
/// in microwatts, energies in microjoules, frequencies in hertz).
final class Hwmon {
    private Hwmon() {}

    /// The folder of the only device of these drivers: with several nobody knows which was used.
    ///
    /// @param system  `/sys/class`
    /// @param drivers as a folder's `name` spells them
    static Optional<Path> only(Path system, String... drivers) {
        var found = new ArrayList<Path>();
        try (var folders = Files.newDirectoryStream(system.resolve("hwmon"), "hwmon*")) {
            for (Path folder : folders) {
                Path name = folder.resolve("name");
                if (Files.isReadable(name)
                        && Set.of(drivers).contains(Files.readString(name).strip())) {
                    found.add(folder);
                }
            }
        } catch (IOException e) {
            return Optional.empty(); // no such system, or sensors that it keeps to itself
        }
        return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }

    /// The whole number in a file; empty where there is none.
    static OptionalLong number(Path file) {
        try {
            return Files.isReadable(file)
                    ? OptionalLong.of(Long.parseLong(Files.readString(file).strip()))
                    : OptionalLong.empty();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // a sensor that sleeps
        }
    }
}
