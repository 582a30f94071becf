package cglora.models.weights;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/// A file that lies packed in a jar, as the jar's directory describes it: known before anything is
/// unpacked.
///
/// @param name its whole name in the jar
/// @param size bytes when unpacked
/// @param crc  CRC-32 of these
public record PackedEntry(String name, long size, long crc) {
    /// What a resource of the class path is.
    ///
    /// @return empty for one that is not in a jar, or whose jar does not say
    public static Optional<PackedEntry> of(URL resource) {
        try {
            if (!(resource.openConnection() instanceof JarURLConnection connection)) {
                return Optional.empty();
            }
            connection.setUseCaches(false); // so that the jar is ours to close
            try (JarFile jar = connection.getJarFile()) {
                JarEntry entry = jar.getJarEntry(connection.getEntryName());
                return entry == null || entry.getSize() < 0 || entry.getCrc() < 0
                        ? Optional.empty()
                        : Optional.of(
                                new PackedEntry(entry.getName(), entry.getSize(), entry.getCrc()));
            }
        } catch (IOException _) {
            return Optional.empty(); // reading the resource itself tells what is wrong
        }
    }
}
