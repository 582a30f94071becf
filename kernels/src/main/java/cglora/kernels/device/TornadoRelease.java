package cglora.kernels.device;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the SDK of TornadoVM says of itself in `etc/tornado.release` and `etc/tornado.backend`. Any
/// launcher puts the SDK's `lib` on the path of native libraries.
final class TornadoRelease {
    private TornadoRelease() {}

    /// As in `5.2.0-jdk25`; empty where no SDK is on the path.
    ///
    /// @param libraryPath as `java.library.path` has it
    static String version(String libraryPath) {
        return value(libraryPath, "tornado.release", "version=");
    }

    /// As in `opencl,ptx`; empty where no SDK is on the path.
    static String backends(String libraryPath) {
        return value(libraryPath, "tornado.backend", "tornado.backends=").replace("-backend", "");
    }

    private static String value(String libraryPath, String file, String key) {
        for (String place : libraryPath.split(File.pathSeparator)) {
            Path folder = place.isBlank() ? null : Path.of(place).toAbsolutePath().getParent();
            Path release = folder == null ? null : folder.resolve("etc").resolve(file);
            if (release == null || !Files.isReadable(release)) {
                continue;
            }
            try (var lines = Files.lines(release)) {
                return lines.filter(line -> line.startsWith(key))
                        .map(line -> line.substring(key.length()).strip())
                        .findFirst()
                        .orElse("");
            } catch (IOException | java.io.UncheckedIOException _) {
                return ""; // a file that is no text
            }
        }
        return "";
    }
}
