package cglora.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.ErrorCode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TornadoStatusTest {
    private static final String LOADED = "uk.ac.manchester.tornado.runtime.tasks.TornadoTaskGraph";

    @Test
    void nothingIsInTheWayOfAWholeLaunch() {
        assertThat(TornadoStatus.problem(LOADED, "False", "1000000")).isEmpty();
        assertThat(TornadoStatus.problem(LOADED, "false", "1000000")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, False, 1000000, started without TornadoVM",
                "x, -, 1000000, tornado.recover.bailout=False",
                "x, True, 1000000, tornado.recover.bailout=False",
                "x, no, 1000000, tornado.recover.bailout=False",
                "x, False, -, tornado.tvm.maxbytecodesize=1000000",
                "x, False, 4096, tornado.tvm.maxbytecodesize=1000000",
                "x, False, much, tornado.tvm.maxbytecodesize=1000000"
            })
    void saysWhatIsMissing(String loaded, String bailout, String bytecodes, String message) {
        var problem = TornadoStatus.problem(loaded, bailout, bytecodes).orElseThrow();
        assertThat(problem.code()).isEqualTo(ErrorCode.V_ENGINE);
        assertThat(problem.what()).contains(message);
        assertThat(problem.fix()).contains("scripts/cglora --engine tornado");
    }

    /// A plain launcher tells no version; its path of native libraries leads to the SDK.
    @Test
    void theSdkTellsItsVersionAndBackends(@TempDir Path sdk) throws IOException {
        Files.createDirectories(sdk.resolve("etc"));
        Files.createDirectories(sdk.resolve("lib"));
        Files.writeString(
                sdk.resolve("etc/tornado.release"), "version=5.2.0-jdk25\nbranch=UNKNOWN\n");
        Files.writeString(
                sdk.resolve("etc/tornado.backend"),
                "tornado.backends=opencl-backend,ptx-backend\n");
        String path = "/nowhere" + File.pathSeparator + sdk.resolve("lib");
        assertThat(TornadoRelease.version(path)).isEqualTo("5.2.0-jdk25");
        assertThat(TornadoRelease.backends(path)).isEqualTo("opencl,ptx");
        assertThat(TornadoRelease.version("/nowhere")).isEmpty();
        assertThat(TornadoRelease.version("")).isEmpty();
        String before = System.setProperty("java.library.path", path);
        try {
            assertThat(TornadoStatus.version()).isEqualTo("5.2.0-jdk25");
            assertThat(TornadoStatus.backends()).containsExactly("opencl", "ptx");
        } finally {
            System.setProperty("java.library.path", before);
        }
    }
}
