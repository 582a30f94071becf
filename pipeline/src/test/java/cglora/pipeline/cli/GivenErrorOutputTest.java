package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cglora.kernels.testing.ForkedJava;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GivenErrorOutputTest {
    @TempDir Path folder;

    /// Starts the program with its standard error in `pipe`, and another file as descriptor 3.
    private ForkedJava.Outcome start(String property) {
        var command =
                new ArrayList<>(
                        List.of(
                                "/bin/sh",
                                "-c",
                                "exec 3>'"
                                        + folder
                                        + "/given'; exec \"$@\" 2>'"
                                        + folder
                                        + "/pipe'",
                                "sh"));
        command.addAll(
                ForkedJava.command(
                        Main.class, List.of(property), List.of("--quiet", "explain", "no-such")));
        return ForkedJava.run(command, Map.of());
    }

    @Test
    void whatTheProgramSaysGoesWhereTheLauncherWasToldTo() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the launcher is for Unix");
        ForkedJava.Outcome outcome = start("-Dcglora.stderr=3");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(folder.resolve("given")).content().contains("error ").doesNotContain("WARNING");
        assertThat(folder.resolve("pipe")).content().doesNotContain("error ");
    }

    @Test
    void withoutTheLauncherNothingIsMoved() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the launcher is for Unix");
        assertThat(start("-Dcglora.other=3").status()).isEqualTo(2);
        assertThat(folder.resolve("given")).isEmptyFile();
        assertThat(folder.resolve("pipe")).content().contains("error ");
    }

    /// A descriptor that nobody has opened, as where the shown command is started by hand.
    @Test
    void aDescriptorThatIsNotThereIsPassedOver() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the launcher is for Unix");
        assertThat(start("-Dcglora.stderr=77").status()).isEqualTo(2);
        assertThat(folder.resolve("pipe")).content().contains("error ");
    }
}
