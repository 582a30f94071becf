package cglora.models.fuzz;

import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What every fuzz test of a reader asks: an input is read, or refused with words; nothing else is
/// thrown.
final class Fuzzed {
    private Fuzzed() {}

    /// @param reader is given a file with the input
    static void read(String name, byte[] input, Reader reader) {
        try {
            Path folder = Files.createTempDirectory("fuzz");
            Path file = folder.resolve(name);
            try {
                Files.write(file, input);
                reader.read(file);
            } catch (CgloraException e) {
                requireWords(e);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireWords(CgloraException refusal) {
        if (refusal.problems().isEmpty() || refusal.problems().getFirst().what().isBlank()) {
            throw new AssertionError("refused without words", refusal);
        }
    }

    @FunctionalInterface
    interface Reader {
        void read(Path file) throws IOException;
    }
}
