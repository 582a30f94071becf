package cglora.pipeline.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// The script `scripts/cglora` in a folder of its own, with a build that is never started: what it
/// would start, with SDKs of several kinds.
class LauncherTest {
    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void project() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh: the launcher is for Unix");
        Files.createDirectories(folder.resolve("scripts"));
        Files.createDirectories(folder.resolve("pipeline/target/lib"));
        Files.copy(
                Path.of(System.getProperty("cglora.root")).resolve("scripts/cglora"),
                folder.resolve("scripts/cglora"));
        Files.writeString(folder.resolve("pipeline/target/cglora-pipeline-1.jar"), "");
    }

    private Path sdk(String version) throws IOException {
        Path sdk = folder.resolve("sdk");
        Files.createDirectories(sdk.resolve("etc"));
        Files.writeString(sdk.resolve("etc/tornado.release"), "version=" + version + "\n");
        Files.writeString(
                sdk.resolve("etc/tornado.backend"),
                "tornado.backends=opencl-backend,ptx-backend\n");
        Files.writeString(
                sdk.resolve("tornado-argfile.template"),
                "-Djava.library.path=${TORNADOVM_HOME}/lib\n"
                        + "--module-path .:${TORNADOVM_HOME}/share/java/tornado\n");
        return sdk;
    }

    private Outcome run(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        var command =
                new ArrayList<String>(
                        List.of("/bin/sh", folder.resolve("scripts/cglora").toString()));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        var builder = new ProcessBuilder(command);
        builder.environment().remove("TORNADOVM_HOME");
        builder.environment().remove("CGLORA_JAVA_OPTS");
        builder.environment().put("CGLORA_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().putAll(environment);
        builder.redirectOutput(out.toFile()).redirectError(err.toFile());
        int status = builder.start().waitFor();
        return new Outcome(status, Files.readString(out, UTF_8), Files.readString(err, UTF_8));
    }

    @Test
    void withoutAnSdkJavaLearnsWhatWasLookedFor() throws Exception {
        Outcome outcome = run(Map.of(), "run", "a b.json", "--show-command");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("'-Dcglora.tornado.missing=TORNADOVM_HOME is not set, and no tornado is")
                .endsWith("cglora.pipeline.cli.Main run 'a b.json'\n")
                .doesNotContain("argfile", "cglora.tornado.unfit");
    }

    @Test
    void sdksThatDoNotFitAreNamedWithTheReason() throws Exception {
        Path old = sdk("4.0.0-jdk21");
        Map<String, String> environment = Map.of("TORNADOVM_HOME", old.toString());
        assertThat(run(environment, "devices", "--show-command").out())
                .contains("sdk, which is version 4.0.0-jdk21, made for JDK 21, not for JDK 25; ")
                .contains("expected 5.2.0-jdk25")
                .contains("-Dcglora.tornado.unfit=yes")
                .doesNotContain("argfile");
        Files.delete(old.resolve("etc/tornado.backend"));
        assertThat(run(environment, "devices", "--show-command").out())
                .contains("holds no etc/tornado.release and etc/tornado.backend");
        Files.delete(old.resolve("tornado-argfile.template"));
        assertThat(run(environment, "devices", "--show-command").out())
                .contains("holds no tornado-argfile");
    }

    @Test
    void aJavaThatDoesNotFitIsNamedWithItsVersion() throws Exception {
        Path old = Files.createDirectories(folder.resolve("old"));
        Map<String, String> environment = Map.of("CGLORA_JAVA_HOME", old.toString());
        assertThat(run(environment, "version").err())
                .contains("CGLORA_JAVA_HOME is " + old + ", which is no folder of Java")
                .contains("expected a JDK 25");
        Files.writeString(old.resolve("release"), "JAVA_VERSION=\"21.0.4\"\n");
        Outcome outcome = run(environment, "version");
        assertThat(outcome.status()).isEqualTo(4);
        assertThat(outcome.err())
                .contains("error V-ENGINE: ", ", which is Java 21.0.4; expected a JDK 25");
    }

    @Test
    void startsWithACopyOfTheArgumentFileThatFitsItsPlace() throws Exception {
        Path sdk = sdk("5.2.0-jdk25");
        Outcome outcome =
                run(
                        Map.of("TORNADOVM_HOME", sdk.toString(), "CGLORA_JAVA_OPTS", "-Xmx3g"),
                        "devices",
                        "--show-command");
        assertThat(outcome.err()).isEmpty();
        Path copy = folder.toRealPath().resolve("pipeline/target/tornado.argfile");
        assertThat(outcome.out())
                .contains(
                        "bin/java @" + copy + " -Xmx3g ",
                        " -Dtornado.recover.bailout=False ",
                        " -Dtornado.tvm.maxbytecodesize=1000000 ",
                        " -Dcglora.tornado.version=5.2.0-jdk25 ",
                        " -Dcglora.tornado.backends=opencl,ptx ");
        assertThat(Files.readString(copy))
                .isEqualTo(
                        "-Djava.library.path=%s/lib\n--module-path %s/share/java/tornado\n"
                                .formatted(sdk, sdk));
    }

    @Test
    void benchIsPlainJavaThatStartsTheLauncherForEachDevice() throws Exception {
        Map<String, String> environment = Map.of("TORNADOVM_HOME", sdk("5.2.0-jdk25").toString());
        String root = folder.toRealPath().toString();
        assertThat(run(environment, "bench", "--device", "opencl:0", "--show-command").out())
                .contains("-Dcglora.launcher=" + root + "/scripts/cglora ", "-Dcglora.commit=")
                .endsWith("cglora.pipeline.cli.Main bench --device opencl:0\n")
                .doesNotContain("argfile");
        assertThat(
                        run(
                                        environment,
                                        "bench",
                                        "--part",
                                        "x",
                                        "--device",
                                        "jvm",
                                        "--show-command")
                                .out())
                .contains(" --add-modules jdk.incubator.vector ")
                .doesNotContain("cglora.launcher", "argfile");
    }

    /// A JDK whose java is a script: it answers the launcher's question.
    private Map<String, String> answering(String answer, int status) throws IOException {
        Path java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.3\"\n");
        Files.writeString(folder.resolve("answer"), answer);
        Files.writeString(
                java, "#!/bin/sh\ncat '%s'\nexit %d\n".formatted(folder.resolve("answer"), status));
        assertThat(java.toFile().setExecutable(true)).isTrue();
        return Map.of(
                "TORNADOVM_HOME",
                sdk("5.2.0-jdk25").toString(),
                "CGLORA_JAVA_HOME",
                folder.resolve("jdk").toString(),
                "CGLORA_JAVA_OPTS",
                "-Xmx3g");
    }

    @Test
    void anEngineOfTornadoGetsTheOptionsThatItsDeviceWants() throws Exception {
        var environment =
                answering(
                        "engine tornado\noption -Dtornado.device.memory=8192MB\n"
                                + "option -XX:OnError=echo 'a b' >&2\n",
                        0);
        Outcome outcome =
                run(environment, "run", "p.json", "--engine", "tornado", "--show-command");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        Path copy = folder.toRealPath().resolve("pipeline/target/tornado.argfile");
        assertThat(outcome.out())
                .contains(
                        "jdk/bin/java @" + copy + " -Xmx3g ",
                        " -Dtornado.device.memory=8192MB ",
                        "'-XX:OnError=echo '\\''a b'\\'' >&2' ",
                        " -XX:-UseParallelGC -XX:+UseSerialGC ",
                        " -Dtornado.recover.bailout=False ",
                        " -Dtornado.tvm.maxbytecodesize=1000000 ",
                        " -Dtornado.max.events=1024 ",
                        " --enable-native-access=ALL-UNNAMED ")
                .endsWith("cglora.pipeline.cli.Main run p.json --engine tornado\n")
                .doesNotContain("cglora.launch.question", "TieredStopAtLevel");
    }

    @Test
    void anAnswerForThisProcessorLeavesNothingOfTornado() throws Exception {
        var environment = answering("engine jvm\nwhy TornadoVM has no GPU\n", 0);
        Outcome outcome = run(environment, "run", "p.json", "--show-command");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("'-Dcglora.launch.why=TornadoVM has no GPU'", " jdk.incubator.vector ")
                .endsWith("cglora.pipeline.cli.Main run p.json\n")
                .doesNotContain("argfile", "-Dtornado.");
    }

    @Test
    void aDriverThatCrashesAtTheQuestionIsAFailureOnlyWhereTornadoIsAskedFor() throws Exception {
        var environment = answering("", 134);
        Outcome asked = run(environment, "run", "p.json", "--engine=tornado", "--show-command");
        assertThat(asked.status()).isEqualTo(4);
        assertThat(asked.err()).contains("error V-ENGINE: TornadoVM in", "ended with status 134");
        Outcome automatic = run(environment, "run", "p.json", "--show-command");
        assertThat(automatic.status()).as(automatic.err()).isZero();
        assertThat(automatic.out()).contains("ended with status 134").doesNotContain("argfile");
    }

    @Test
    void aRefusalAtTheQuestionIsTheCommandsOwn() throws Exception {
        Outcome outcome = run(answering("", 2), "run", "p.json", "--engine", "tornado");
        assertThat(outcome.status()).isEqualTo(2);
    }

    /// Java says that it does not start on standard output, where the answer is read.
    @Test
    void anSdkWithWhichJavaDoesNotStartIsNamedAndDoneWithout() throws Exception {
        Path sdk = sdk("5.2.0-jdk25");
        Files.writeString(
                sdk.resolve("tornado-argfile.template"),
                "--module-path .:${TORNADOVM_HOME}/share/java/tornado\n"
                        + "--add-modules ALL-SYSTEM,tornado.runtime\n");
        Map<String, String> environment = Map.of("TORNADOVM_HOME", sdk.toString());
        for (String command :
                List.of("run p.json", "run p.json --engine tornado", "devices", "doctor")) {
            var arguments = new ArrayList<String>(List.of(command.split(" ")));
            arguments.add("--show-command");
            Outcome outcome = run(environment, arguments.toArray(String[]::new));
            assertThat(outcome.status()).as(outcome.err()).isZero();
            assertThat(outcome.err()).as("Java says it: " + command).isEmpty();
            assertThat(outcome.out())
                    .as(command)
                    .contains("'-Dcglora.tornado.missing=TORNADOVM_HOME is " + sdk + ", which")
                    .contains("Java does not start: Error occurred during initialization of boot")
                    .contains("Module tornado.runtime not found")
                    .contains("-Dcglora.tornado.unfit=yes", " jdk.incubator.vector ")
                    .endsWith("cglora.pipeline.cli.Main " + command + "\n")
                    .doesNotContain("argfile", "-Dtornado.");
        }
    }

    @Test
    void aBugAtTheQuestionIsNoBrokenSdk() throws Exception {
        Map<String, String> environment = answering("", 1);
        Path java = folder.resolve("jdk/bin/java");
        Files.writeString(java, "#!/bin/sh\necho 'error: a bug of ours: x' >&2\nexit 1\n");
        Outcome outcome = run(environment, "run", "p.json", "--show-command");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).isEqualTo("error: a bug of ours: x\n");
    }

    /// As the command classes themselves say which they are.
    @Test
    void everyCommandThatTakesAnEngineIsStartedWithTornado() throws Exception {
        Map<String, String> environment = answering("engine tornado\n", 0);
        var silent = new PrintStream(OutputStream.nullOutputStream(), true, UTF_8);
        Map<String, CommandLine> verbs =
                Main.line(new Console(silent, silent, false)).getSubcommands();
        assertThat(verbs).containsKeys("run", "align", "predict", "explain");
        for (var verb : verbs.entrySet()) {
            String name = verb.getKey();
            boolean takesEngine = verb.getValue().getCommandSpec().findOption("--engine") != null;
            boolean looksForDevices = List.of("devices", "doctor").contains(name);
            // bench starts the launcher again for each part
            List<String> command = name.equals("bench") ? List.of(name, "--part=x") : List.of(name);
            var arguments = new ArrayList<String>(command);
            arguments.add("--show-command");
            Outcome outcome = run(environment, arguments.toArray(String[]::new));
            assertThat(outcome.out().contains("tornado.argfile"))
                    .as("%s: %s %s", name, outcome.out(), outcome.err())
                    .isEqualTo(takesEngine || looksForDevices);
        }
    }

    @Test
    void warnsOfAVersionThatWasNotTested() throws Exception {
        Path sdk = sdk("5.9.0-jdk25");
        Outcome outcome = run(Map.of("TORNADOVM_HOME", sdk.toString()), "doctor", "--show-command");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.err())
                .startsWith("warning V-ENGINE: TORNADOVM_HOME is " + sdk)
                .endsWith(
                        "is version 5.9.0-jdk25; expected 5.2.0-jdk25, with which cglora is"
                                + " tested\n");
    }

    @Test
    void findsAnSdkByItsProgramOnThePath() throws Exception {
        Path sdk = sdk("5.2.0-jdk25");
        Path program = Files.createDirectories(sdk.resolve("bin")).resolve("tornado");
        Files.writeString(program, "#!/bin/sh\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        Path links = Files.createDirectories(folder.resolve("links"));
        Files.createSymbolicLink(links.resolve("tornado"), program);
        Outcome outcome =
                run(Map.of("PATH", links + ":/usr/bin:/bin"), "devices", "--show-command");
        assertThat(outcome.out()).contains("tornado.argfile", "-Dcglora.tornado.version=");
    }

    @Test
    void leavesTheSdkAloneWhereNothingOfItIsWanted() throws Exception {
        Map<String, String> environment = Map.of("TORNADOVM_HOME", sdk("5.2.0-jdk25").toString());
        for (String wish : List.of("--engine jvm", "--engine=jvm", "--device jvm")) {
            var arguments = new ArrayList<String>(List.of("run", "p.json"));
            arguments.addAll(List.of(wish.split(" ")));
            arguments.add("--show-command");
            assertThat(run(environment, arguments.toArray(String[]::new)).out())
                    .as(wish)
                    .doesNotContain("argfile", "cglora.tornado");
        }
        assertThat(run(environment, "version", "--show-command").out()).doesNotContain("argfile");
    }
}
