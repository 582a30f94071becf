package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a real Java makes of the launcher's options, its archive of classes and the options that
/// people give: nothing is refused and nothing said. The program is a small one.
class LauncherOptionsTest {
    private static final String MAIN =
            """
            package cglora.pipeline.cli;

            public final class Main {
                public static void main(String[] arguments) {
                    System.out.println("ran " + String.join(" ", arguments));
                }
            }
            """;

    @TempDir static Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeAll
    static void project() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the launcher is for Unix");
        Path target = folder.resolve("pipeline/target");
        Files.createDirectories(folder.resolve("scripts"));
        Files.createDirectories(target.resolve("lib"));
        Files.copy(
                Path.of(System.getProperty("cglora.root")).resolve("scripts/cglora"),
                folder.resolve("scripts/cglora"));
        Path source = Files.writeString(folder.resolve("Main.java"), MAIN);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        int compiled =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, "-d", classes.toString(), source.toString());
        assertThat(compiled).isZero();
        String name = "cglora/pipeline/cli/Main.class";
        try (var jar =
                new JarOutputStream(
                        Files.newOutputStream(target.resolve("cglora-pipeline-1.jar")))) {
            jar.putNextEntry(new JarEntry(name));
            jar.write(Files.readAllBytes(classes.resolve(name)));
        }
        assertThat(run(Map.of(), "version")).isEqualTo(new Outcome(0, "ran version\n", ""));
        assertThat(archives()).hasSize(1);
    }

    private static List<Path> archives() throws IOException {
        try (var files = Files.list(folder.resolve("pipeline/target"))) {
            return files.filter(f -> f.getFileName().toString().endsWith(".aot")).toList();
        }
    }

    private static Outcome run(Map<String, String> environment, String... arguments)
            throws IOException {
        var command =
                new ArrayList<String>(
                        List.of("/bin/sh", folder.resolve("scripts/cglora").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command);
        for (String name :
                List.of(
                        "TORNADOVM_HOME",
                        "CGLORA_JAVA_OPTS",
                        "JAVA_TOOL_OPTIONS",
                        "JDK_JAVA_OPTIONS")) {
            builder.environment().remove(name);
        }
        builder.environment().put("CGLORA_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().putAll(environment);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            return new Outcome(process.waitFor(), Files.readString(out), Files.readString(err));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-Xmx512m",
                "-Xmx32m",
                "-Xms1g -Xmx1g",
                "-Xmn10m",
                "-Xss2m -Dsome.key=value -ea",
                "-XX:+UseG1GC",
                "-XX:+UseParallelGC -Xmx300m",
                "-XX:+UseZGC",
                "-XX:+UseShenandoahGC",
                "-XX:+UnlockExperimentalVMOptions -XX:+UseEpsilonGC",
                "-Xmx40g",
                "-XX:-UseCompressedOops",
                "-XX:+UseCompactObjectHeaders",
                "-XX:MaxRAMPercentage=10",
                "-Xshare:off",
                "-Xshare:auto",
                "-XX:AOTMode=off",
                "-XX:-TieredCompilation",
                "--enable-preview",
                "--add-modules java.sql",
                "-Xint"
            })
    void nothingIsRefusedOrSaid(String options) throws IOException {
        Map<String, String> given = Map.of("CGLORA_JAVA_OPTS", options);
        assertThat(run(given, "version")).isEqualTo(new Outcome(0, "ran version\n", ""));
        assertThat(run(given, "run", "p.json", "--quiet", "--engine", "jvm"))
                .isEqualTo(new Outcome(0, "ran run p.json --quiet --engine jvm\n", ""));
    }

    /// Java's own words, and its status; a word of the archive would lead astray.
    @Test
    void anOptionThatJavaDoesNotKnowIsNamedByJava() throws IOException {
        for (String verb : List.of("version", "run")) {
            Outcome outcome =
                    run(Map.of("CGLORA_JAVA_OPTS", "-XX:+NoSuchOption"), verb, "--engine", "jvm");
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.out() + outcome.err())
                    .contains("Unrecognized VM option 'NoSuchOption'")
                    .doesNotContain("AOT", "archive", "ran");
        }
    }

    /// What is left of an archive: a file that is damaged, cut or empty is passed over.
    @Test
    void anArchiveThatIsDamagedIsPassedOver() throws IOException {
        Path archive = archives().getFirst();
        byte[] whole = Files.readAllBytes(archive);
        try {
            damage(archive, whole);
        } finally {
            Files.write(archive, whole);
        }
    }

    private static void damage(Path archive, byte[] whole) throws IOException {
        for (int kept : new int[] {0, 10, whole.length / 2}) {
            Files.write(archive, java.util.Arrays.copyOf(whole, kept));
            assertThat(run(Map.of(), "version"))
                    .as("%d bytes", kept)
                    .isEqualTo(new Outcome(0, "ran version\n", ""));
        }
        byte[] flipped = whole.clone();
        for (int i = 0; i < flipped.length / 2; i += 97) {
            flipped[i] ^= 0x55;
        }
        Files.write(archive, flipped);
        assertThat(run(Map.of(), "version")).isEqualTo(new Outcome(0, "ran version\n", ""));
    }
}
