package cglora.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cglora.kernels.testing.ForkedJava;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `scripts/fuzz` says of a test that was fuzzed, of one that failed and of one that did not
/// run; with a Maven that is a script.
class FuzzScriptTest {
    private static final String MAVEN =
            """
            #!/bin/sh
            case $* in
                *test-compile*) exit ${BUILD:-0} ;;
                *#runs*) echo '#2 INITED'; echo '#4096 pulse'; exec sleep 60 ;;
                *#ends*) echo '#17 DONE'; exit 0 ;;
                *#fails*) echo '#5 NEW'; exit 1 ;;
                *#crashes*) echo '#6 NEW'; echo '== Java Exception: x'; exec sleep 60 ;;
                *#nothing*) exit 0 ;;
            esac
            """;

    @TempDir Path folder;

    @BeforeEach
    void project() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the script is for Unix");
        Files.createDirectories(folder.resolve("scripts"));
        Files.copy(
                Path.of(System.getProperty("cglora.root")).resolve("scripts/fuzz"),
                folder.resolve("scripts/fuzz"));
        Path maven = Files.createDirectories(folder.resolve("bin")).resolve("mvn");
        Files.writeString(maven, MAVEN);
        assertThat(maven.toFile().setExecutable(true)).isTrue();
    }

    private ForkedJava.Outcome fuzz(String test, String build) {
        return ForkedJava.run(
                List.of(
                        "/bin/sh",
                        folder.resolve("scripts/fuzz").toString(),
                        "2",
                        "models:T#" + test),
                Map.of("PATH", folder.resolve("bin") + ":/usr/bin:/bin", "BUILD", build));
    }

    @Test
    void aTestThatRanToItsLimitIsOk() {
        ForkedJava.Outcome outcome = fuzz("runs", "0");
        assertThat(outcome.status()).as(outcome.out()).isZero();
        assertThat(outcome.out()).containsPattern("T#runs +[2-9] +4096  ok\n");
        assertThat(fuzz("ends", "0").out()).containsPattern(" 17  ok\n");
    }

    @Test
    void aTestThatDidNotRunHasFailed() {
        ForkedJava.Outcome outcome = fuzz("nothing", "0");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.out()).containsPattern(" 0  failed: did not run, see /");
        ForkedJava.Outcome build = fuzz("runs", "1");
        assertThat(build.status()).isEqualTo(1);
        assertThat(build.out()).startsWith("failed: the build, see /");
    }

    @Test
    void aFindingHasFailed() {
        for (String test : List.of("fails", "crashes")) {
            ForkedJava.Outcome outcome = fuzz(test, "0");
            assertThat(outcome.status()).as(test).isEqualTo(1);
            assertThat(outcome.out()).containsPattern(" [56]  failed, see /");
        }
    }
}
