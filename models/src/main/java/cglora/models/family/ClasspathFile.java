package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.weights.PackedEntry;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A file that may be packed in a jar on the class path: `classpath:NAME`.
final class ClasspathFile {
    private static final String CLASSPATH = "classpath:";

    private ClasspathFile() {}

    /// Whether it is in a jar, and not in a folder.
    static boolean isPacked(String path) {
        return path.startsWith(CLASSPATH);
    }

    static void requireThere(String path) {
        boolean bundled = isPacked(path);
        if (bundled
                ? ClasspathFile.class.getResource(resource(path)) == null
                : !Files.isRegularFile(Path.of(path))) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    path,
                    bundled ? "no jar on the class path holds it" : "is not there",
                    bundled ? "check the name, or give a file" : "give the path of the ONNX file");
        }
    }

    static InputStream open(String path) throws IOException {
        return isPacked(path)
                ? new Inflated(ClasspathFile.class.getResourceAsStream(resource(path)))
                : Files.newInputStream(Path.of(path));
    }

    /// What a file is in its jar; empty for one that is in none.
    static Optional<PackedEntry> packed(String path) {
        return isPacked(path)
                ? PackedEntry.of(ClasspathFile.class.getResource(resource(path)))
                : Optional.empty();
    }

    /// What is packed in a jar, where passing over a part means to unpack it: in large pieces, not
    /// in the JDK's of 512 bytes.
    private static final class Inflated extends FilterInputStream {
        private final byte[] skipped = new byte[1 << 16];

        Inflated(InputStream packed) {
            super(packed);
        }

        @Override
        public long skip(long count) throws IOException {
            int read = in.read(skipped, 0, (int) Math.min(skipped.length, count));
            return Math.max(0, read);
        }
    }

    private static String resource(String path) {
        return "/" + path.substring(CLASSPATH.length());
    }
}
