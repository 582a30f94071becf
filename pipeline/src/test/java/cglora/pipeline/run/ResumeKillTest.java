package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A process that is killed by SIGKILL, and another that goes on.
class ResumeKillTest {
    private static final long MINUTES = 5;

    @TempDir Path folder;

    private Process start(String... arguments) throws IOException {
        var command =
                new ArrayList<>(
                        List.of(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "-XX:ActiveProcessorCount=1", // alike in all processes
                                "-XX:TieredStopAtLevel=1",
                                "--add-modules",
                                "jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Main.class.getName()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--engine", "jvm"));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("shown").toFile()))
                .start();
    }

    private int end(Process process) throws InterruptedException {
        assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    @Test
    void aKilledProcessIsContinuedByAnotherWithTheSameBits() throws Exception {
        var run =
                new ResumableRun(
                        folder,
                        "{\"stage\": \"adapter\", \"method\": \"lora\", \"r\": 2,"
                                + " \"lora_dropout\": 0.2},",
                        "");
        String file = folder.resolve("p.json").toString();
        Files.writeString(
                Path.of(file),
                Files.readString(Path.of(file))
                        .replace("\"max_steps\": 12", "\"max_steps\": 600")
                        .replace("\"eval_steps\": 3", "\"eval_steps\": 150")
                        .replace("\"save_steps\": 2", "\"save_steps\": 20"));
        assertThat(end(start("run", file))).as(shown()).isZero();
        Path whole = run.newest();

        Process victim = start("run", file);
        Path killed = null;
        while (killed == null && victim.isAlive()) {
            Thread.sleep(2);
            Path newest = run.newest();
            boolean begun = !newest.equals(whole) && Files.exists(newest.resolve("checkpoints"));
            killed = begun ? newest : null;
        }
        victim.destroyForcibly();
        assertThat(end(victim)).as("killed by SIGKILL: %s", shown()).isEqualTo(128 + 9);
        assertThat(killed.resolve("adapter")).doesNotExist();

        assertThat(end(start("resume", killed.toString()))).as(shown()).isZero();
        assertThat(shown()).containsAnyOf("goes on after step", "starts over");
        assertThat(ResumableRun.exported(killed)).isEqualTo(ResumableRun.exported(whole));
        assertThat(ResumableRun.metrics(killed)).isEqualTo(ResumableRun.metrics(whole));
        assertThat(ResumableRun.history(killed)).isEqualTo(ResumableRun.history(whole));
    }

    private String shown() throws IOException {
        return Files.readString(folder.resolve("shown"));
    }
}
