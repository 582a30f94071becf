package cglora.kernels.engine;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/// Where the class path keeps the library for one platform, and the files it needs, in the
/// order in which they depend on one another.
record OpenBlasFiles(String folder, List<String> files) {
    static OpenBlasFiles ofPlatform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String machine = arch.equals("aarch64") ? "arm64" : "x86_64";
        if (os.contains("mac")) {
            return new OpenBlasFiles("macosx-" + machine, List.of("libopenblas.0.dylib"));
        }
        if (os.contains("windows")) {
            return new OpenBlasFiles("windows-" + machine, List.of("libopenblas.dll"));
        }
        return new OpenBlasFiles(
                "linux-" + machine,
                List.of(
                        "libgcc_s.so.1",
                        "libquadmath.so.0",
                        "libgfortran.so.5",
                        "libopenblas.so.0"));
    }

    /// Copies the files into one cache folder, once per build of the library.
    ///
    /// @return the path of the library itself
    /// @throws CgloraException V-LIBRARY when the class path has no library for the platform
    Path unpack() throws IOException {
        String library = files.getLast();
        Path cache =
                Path.of(
                        System.getProperty(
                                "cglora.cache",
                                Path.of(System.getProperty("java.io.tmpdir"))
                                        .resolve("cglora-" + System.getProperty("user.name"))
                                        .toString()));
        long size = size(library);
        if (size < 0) {
            throw new CgloraException(
                    ErrorCode.V_LIBRARY,
                    folder,
                    "no OpenBLAS library for this platform is on the class path",
                    "build on this platform: the Maven profile of the platform adds it");
        }
        Path target = cache.resolve("openblas-" + size);
        Files.createDirectories(target);
        for (String file : files) {
            Path path = target.resolve(file);
            if (Files.exists(path) && Files.size(path) == size(file)) {
                continue;
            }
            Path temporary = Files.createTempFile(target, file, ".tmp");
            try (InputStream content = resource(file).openStream()) {
                Files.copy(content, temporary, StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(
                    temporary,
                    path,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }
        return target.resolve(library);
    }

    /// Bytes of the file on the class path; -1 where it is not there.
    private long size(String file) throws IOException {
        URL resource = resource(file);
        return resource == null ? -1 : resource.openConnection().getContentLengthLong();
    }

    private URL resource(String file) {
        return OpenBlasFiles.class.getResource("/org/bytedeco/openblas/" + folder + "/" + file);
    }
}
