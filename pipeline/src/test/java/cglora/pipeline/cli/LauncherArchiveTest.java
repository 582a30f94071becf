package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How `scripts/cglora` makes and takes the archive of classes, and keeps some lines of Java's from
/// `--quiet`: with a Java that is a script. It notes its arguments, makes an archive where it is
/// told to, and says what Java says.
class LauncherArchiveTest {
    private static final String JAVA =
            """
            #!/bin/sh
            echo "$@" >>"$LOG"
            for argument in "$@"; do
                case $argument in
                    -XX:AOTCacheOutput=*)
                        [ -n "$SLOW" ] && sleep 2
                        [ -n "$FAILS" ] && exit 1
                        echo archive >"${argument#*=}"
                        echo 'a warning of the archive' >&2
                        exit 0
                        ;;
                esac
            done
            echo 'WARNING: Using incubator modules: jdk.incubator.vector' >&2
            echo 'WARNING: Using incubator modules: another' >&2
            echo 'Picked up JAVA_TOOL_OPTIONS: -Dsome.key=value' >&2
            printf 'no end of line' >&2
            exit ${STATUS:-0}
            """;

    @TempDir Path folder;
    private Path target;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void project() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the launcher is for Unix");
        target = folder.resolve("pipeline/target");
        Files.createDirectories(folder.resolve("scripts"));
        Files.createDirectories(target.resolve("lib"));
        Files.copy(
                Path.of(System.getProperty("cglora.root")).resolve("scripts/cglora"),
                folder.resolve("scripts/cglora"));
        Files.writeString(target.resolve("cglora-pipeline-1.jar"), "");
        Path java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.3\"\n");
        Files.writeString(java, JAVA);
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    private Process start(Map<String, String> environment, String... arguments) throws IOException {
        var command =
                new ArrayList<String>(
                        List.of("/bin/sh", folder.resolve("scripts/cglora").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command);
        builder.environment().remove("TORNADOVM_HOME");
        builder.environment().remove("CGLORA_JAVA_OPTS");
        builder.environment().remove("XDG_CACHE_HOME");
        builder.environment().put("HOME", folder.resolve("home").toString());
        builder.environment().put("CGLORA_JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().put("LOG", folder.resolve("log").toString());
        builder.environment().putAll(environment);
        return builder.redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private Outcome run(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        int status = start(environment, arguments).waitFor();
        return new Outcome(
                status,
                Files.readString(folder.resolve("out")),
                Files.readString(folder.resolve("err")));
    }

    /// The arguments of each Java that was started.
    private List<String> javas() throws IOException {
        return Files.readAllLines(folder.resolve("log"));
    }

    private static List<Path> archives(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(f -> f.getFileName().toString().contains(".aot")).toList();
        }
    }

    @Test
    void theFirstStartMakesTheArchiveThatAllTake() throws Exception {
        Outcome first = run(Map.of(), "version");
        assertThat(first.err()).doesNotContain("archive");
        assertThat(run(Map.of(), "validate", "p.json").err()).isEqualTo(first.err());
        Path archive = archives(target).getFirst().toRealPath();
        assertThat(archives(target)).hasSize(1);
        assertThat(archive).hasContent("archive");
        assertThat(javas()).hasSize(3);
        assertThat(javas().get(0))
                .contains("-XX:AOTCacheOutput=", "cglora.pipeline.cli.Main validate");
        assertThat(javas().get(1))
                .contains("-XX:AOTCache=" + archive + " ")
                .endsWith("Main version");
        assertThat(javas().get(2)).contains("-XX:AOTCache=" + archive + " ");
    }

    @Test
    void anotherJarMakesAnotherArchiveAndTheOldOneGoes() throws Exception {
        run(Map.of(), "version");
        Path first = archives(target).getFirst();
        Files.writeString(target.resolve("lib/some.jar"), "changed");
        run(Map.of(), "version");
        assertThat(archives(target)).hasSize(1).doesNotContain(first);
    }

    @Test
    void whatCannotBeMadeIsNotTriedAgainAndSaysNothing() throws Exception {
        Map<String, String> failing = Map.of("FAILS", "yes");
        String err = run(failing, "version").err();
        assertThat(run(failing, "version").err()).isEqualTo(err).doesNotContain("archive");
        assertThat(javas()).hasSize(3).filteredOn(j -> j.contains("AOTCacheOutput")).hasSize(1);
        assertThat(javas()).noneMatch(j -> j.contains("-XX:AOTCache="));
    }

    /// Others do without while one makes it, and nobody sees half of it.
    @Test
    void manyStartsAtOnceMakeOneArchive() throws Exception {
        Map<String, String> slow = Map.of("SLOW", "yes");
        var processes = new ArrayList<Process>();
        for (int i = 0; i < 6; i++) {
            processes.add(start(slow, "version"));
        }
        for (Process process : processes) {
            assertThat(process.waitFor()).isZero();
        }
        assertThat(javas()).filteredOn(j -> j.contains("AOTCacheOutput")).hasSize(1);
        assertThat(archives(target)).hasSize(1);
        assertThat(archives(target).getFirst()).hasContent("archive");
    }

    @Test
    void whatAKilledStartHasLeftIsTakenAwayLater() throws Exception {
        run(Map.of(), "version");
        Path archive = archives(target).getFirst();
        Files.delete(archive);
        Path left = Files.createDirectory(Path.of(archive + ".making"));
        run(Map.of(), "version");
        assertThat(archive).doesNotExist();
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofMinutes(12))));
        run(Map.of(), "version");
        assertThat(archive).hasContent("archive");
        assertThat(left).doesNotExist();
    }

    /// The build's folder cannot be written: the user's cache has the archive; where that cannot
    /// either, there is none.
    @Test
    void aFolderThatCannotBeWrittenIsReplacedByTheUsersCacheOrByNothing() throws Exception {
        assumeTrue(
                target.toFile().setWritable(false) && !Files.isWritable(target), "root may write");
        try {
            run(Map.of(), "version");
            Path cache = folder.resolve("home/.cache/cglora/classes");
            assertThat(archives(cache)).hasSize(1);
            assertThat(javas().get(1)).contains("-XX:AOTCache=" + cache);
            Files.writeString(folder.resolve("file"), "");
            Outcome none = run(Map.of("HOME", folder.resolve("file").toString()), "version");
            assertThat(none.status()).isZero();
            assertThat(javas().get(2)).doesNotContain("AOT");
        } finally {
            assertThat(target.toFile().setWritable(true)).isTrue();
        }
    }

    @Test
    void showingACommandMakesNothing() throws Exception {
        assertThat(run(Map.of(), "version", "--show-command").out()).doesNotContain("AOT");
        assertThat(archives(target)).isEmpty();
        assertThat(folder.resolve("log")).doesNotExist();
    }

    /// What computes is started otherwise than the archive was made.
    @Test
    void commandsThatComputeTakeNoArchive() throws Exception {
        run(Map.of(), "version");
        run(Map.of(), "run", "p.json");
        assertThat(javas().getLast()).contains("jdk.incubator.vector").doesNotContain("AOT");
    }

    /// With `--quiet` lines that no option silences are left out; all others, and the status, stay.
    @Test
    void quietlyThereIsNoWordOfIncubatingModules() throws Exception {
        String loud = run(Map.of(), "run", "p.json").err();
        assertThat(loud).contains("modules: jdk.incubator.vector", "modules: another");
        Outcome quiet = run(Map.of("STATUS", "7"), "run", "p.json", "--quiet");
        assertThat(quiet.status()).isEqualTo(7);
        assertThat(javas().getLast()).startsWith("-Dcglora.stderr=3 ");
        // the lines pass through another process where Java ends at once
        for (int i = 0; i < 100 && !quiet.err().contains("no end of line"); i++) {
            Thread.sleep(50);
            quiet = new Outcome(7, "", Files.readString(folder.resolve("err")));
        }
        assertThat(quiet.err())
                .isEqualTo("WARNING: Using incubator modules: another\nno end of line\n");
    }

    /// Java refuses the archive beside some options, and warns of it beside others.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-Xmx512m | yes",
                "-Xmx8g -Dsome.key=value -ea | yes",
                "-XX:+UseParallelGC | yes",
                "-XX:+UseZGC | no",
                "-Xmx40g | no",
                "-Xshare:off | no",
                "-XX:+NoSuchOption | no",
                "-Xlog:gc | no"
            })
    void optionsThatPeopleGiveMayDoWithoutTheArchive(String options, String takes)
            throws Exception {
        run(Map.of(), "version");
        for (String variable : List.of("CGLORA_JAVA_OPTS", "JDK_JAVA_OPTIONS")) {
            assertThat(run(Map.of(variable, options), "version").status()).isZero();
            String java = javas().getLast();
            assertThat(java.contains("-XX:AOTCache=")).as(java).isEqualTo(takes.equals("yes"));
            assertThat(java.contains("-Xlog:disable")).as(java).isEqualTo(takes.equals("yes"));
        }
    }

    /// A collector, or sizes, that people choose are the only ones; a small heap begins small.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-XX:+UseZGC | UseSerialGC NewSize",
                "-XX:+UseG1GC | UseSerialGC NewSize",
                "-Xms1g | Xms64m",
                "-Xmn100m | NewSize=24m",
                "-Xmx32m | Xms64m NewSize",
                "-Xmx33554432 | Xms64m NewSize",
                "-Xmx2g | none"
            })
    void optionsThatPeopleGiveRuleOverThoseOfTheLauncher(String options, String gone)
            throws Exception {
        for (String verb : List.of("version", "run")) {
            run(Map.of("CGLORA_JAVA_OPTS", options), verb, "p.json");
            String java = javas().getLast();
            assertThat(java).contains(options + " ").doesNotContain(gone.split(" "));
        }
        run(Map.of(), "run", "p.json");
        assertThat(javas().getLast())
                .contains("-XX:+UseSerialGC -Xms64m -XX:NewSize=24m -XX:MaxNewSize=24m");
    }
}
