package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Runs that cannot simply go on: checkpoints, inputs or settings are not what they were, somebody
/// else has the folder, the disk takes nothing.
class ResumeFaultTest {
    private static final String LORA =
            """
            {"stage": "adapter", "method": "lora", "r": 2, "lora_dropout": 0.2,
             "target_modules": "all-linear", "head_warmup": {"examples": 8}},
            """;
    private static final IntSupplier NEVER = () -> 0;

    @TempDir static Path folder;

    private static ResumableRun run;
    private static Path whole;
    private static Path crashed;

    @BeforeAll
    static void runOnceAndCrashOnce() throws IOException {
        run = new ResumableRun(folder, LORA, "");
        assertThat(run.run(NEVER).status()).isZero();
        whole = run.newest();
        crashed = run.crashBehind("checkpoint-8");
        assertThat(ResumableRun.checkpoints(crashed)).contains("checkpoint-6", "checkpoint-8");
    }

    /// The crashed run again, to be damaged.
    private static Path copy(String name) throws IOException {
        Path copy = folder.resolve("copies").resolve(name);
        try (Stream<Path> files = Files.walk(crashed)) {
            for (Path file : files.toList()) {
                Path target = copy.resolve(crashed.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
        return copy;
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at < 0 ? bytes.length + at : at] ^= 4;
        Files.write(file, bytes);
    }

    private static void requireSameEnd(Path resumed) throws IOException {
        assertThat(ResumableRun.exported(resumed)).isEqualTo(ResumableRun.exported(whole));
        assertThat(ResumableRun.metrics(resumed)).isEqualTo(ResumableRun.metrics(whole));
        assertThat(ResumableRun.history(resumed)).isEqualTo(ResumableRun.history(whole));
    }

    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource({
        "flipped, state.safetensors", "flipped, best.safetensors", "flipped, checkpoint.json",
        "flipped, SHA256SUMS", "cut, state.safetensors", "empty, checkpoint.json",
        "gone, best.safetensors"
    })
    void aDamagedCheckpointIsNamedAndTheOneBeforeTaken(String how, String name) throws IOException {
        Path copy = copy(how + "-" + name);
        Path file = copy.resolve("checkpoints/checkpoint-8").resolve(name);
        switch (how) {
            case "flipped" -> flip(file, (int) (Files.size(file) / 2));
            case "cut" -> Files.write(file, List.of("half"));
            case "empty" -> Files.write(file, new byte[0]);
            default -> Files.delete(file);
        }
        ResumableRun.Outcome outcome = ResumableRun.resume(copy, NEVER);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(outcome.shown())
                .contains("warning R-DAMAGED", "goes on after step 6")
                .contains("checkpoint-8/" + (name.equals("SHA256SUMS") ? "" : name));
        requireSameEnd(copy);
    }

    /// Where one checkpoint is asked for, a damaged one does not take the place of the good ones
    /// that come behind it: a run that is killed again goes on from them.
    @Test
    void aDamagedCheckpointTakesNoPlaceOfAGoodOne() throws IOException {
        var one = new ResumableRun(folder.resolve("one"), LORA, ", \"save_total_limit\": 1");
        Path stopped = one.crashBehind("checkpoint-12");
        flip(stopped.resolve("checkpoints/checkpoint-12/state.safetensors"), -1);
        List<String> good = List.of("checkpoint-2", "checkpoint-4", "checkpoint-8");
        IntSupplier crashing =
                () -> {
                    if (good.stream().anyMatch(one::isThere)) {
                        throw new ResumableRun.Crash();
                    }
                    return 0;
                };
        assertThatThrownBy(() -> ResumableRun.resume(stopped, crashing))
                .isInstanceOf(ResumableRun.Crash.class);
        assertThat(ResumableRun.checkpoints(stopped)).contains("checkpoint-12.aside");
        ResumableRun.Outcome outcome = ResumableRun.resume(stopped, NEVER);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(outcome.shown())
                .doesNotContain("R-DAMAGED")
                .containsPattern("goes on after step [248],");
        requireSameWeights(stopped);
    }

    /// The other file names the model, which lies elsewhere.
    private static void requireSameWeights(Path resumed) throws IOException {
        String weights = "adapter/adapter_model.safetensors";
        assertThat(ResumableRun.exported(resumed).get(weights))
                .isNotNull()
                .isEqualTo(ResumableRun.exported(whole).get(weights));
    }

    @Test
    void whereAllAreDamagedItStartsOver() throws IOException {
        Path copy = copy("all");
        for (String checkpoint : ResumableRun.checkpoints(copy)) {
            flip(copy.resolve("checkpoints").resolve(checkpoint).resolve("SHA256SUMS"), 0);
        }
        ResumableRun.Outcome outcome = ResumableRun.resume(copy, NEVER);
        assertThat(outcome.shown()).contains("there is no whole checkpoint: starts over");
        requireSameEnd(copy);
    }

    /// Killed while it wrote a checkpoint, an event, its adapter: nothing of that is taken.
    @Test
    void whatWasHalfWrittenIsLeftAside() throws IOException {
        Path copy = copy("half");
        Path half = copy.resolve("checkpoints/checkpoint-10.tmp");
        Files.createDirectories(half);
        Files.writeString(half.resolve("state.safetensors"), "half");
        Files.createDirectories(copy.resolve("adapter.tmp"));
        Files.writeString(copy.resolve("adapter.tmp/left"), "over");
        Files.writeString(
                copy.resolve("events.jsonl"),
                Files.readString(copy.resolve("events.jsonl")) + "{\"v\":1,\"time");
        ResumableRun.Outcome outcome = ResumableRun.resume(copy, NEVER);
        assertThat(outcome.shown()).contains("checkpoint-10.tmp: was not whole");
        requireSameEnd(copy);
        assertThat(copy.resolve("adapter/left")).doesNotExist();
        assertThat(RunEvents.isFinished(copy, RunEvents.read(copy))).isTrue();
    }

    /// Names and contents of all files.
    private static Map<String, String> contents(Path copy) throws IOException {
        var contents = new TreeMap<String, String>();
        try (Stream<Path> files = Files.walk(copy)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith(RunLock.FILE)) {
                    contents.put(
                            copy.relativize(file).toString(),
                            Arrays.toString(Files.readAllBytes(file)));
                }
            }
        }
        return contents;
    }

    @Test
    void changedInputsAreRefusedAndNothingIsTouched() throws IOException {
        var other = new ResumableRun(folder.resolve("other"), LORA, "");
        Path stopped = other.crashBehind("checkpoint-4");
        Map<String, String> before = contents(stopped);
        Path data = other.folder().resolve("train.tsv");
        String rows = Files.readString(data);
        Files.writeString(data, rows.replaceFirst("film", "book"));
        TinyModel.write(other.folder().resolve("model"), 6, 0);
        assertThatThrownBy(() -> ResumableRun.resume(stopped, NEVER))
                .isInstanceOfSatisfying(
                        CgloraException.class,
                        e -> {
                            assertThat(e.exitStatus()).isEqualTo(3);
                            assertThat(e.problems().toString())
                                    .contains("train.tsv", "model.safetensors", "SHA-256")
                                    .doesNotContain("config.json", "tokenizer.json");
                        });
        assertThat(contents(stopped)).isEqualTo(before);
        Files.delete(data);
        ResumableRun.Outcome outcome = ResumableRun.command(stopped);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.shown()).contains("train.tsv");
        assertThat(contents(stopped)).isEqualTo(before);
        Files.writeString(data, rows);
        TinyModel.write(other.folder().resolve("model"), 5, 0);
        assertThat(ResumableRun.resume(stopped, NEVER).status()).isZero();
        String weights = "adapter/adapter_model.safetensors"; // the other file names the model
        assertThat(ResumableRun.exported(stopped).get(weights))
                .isEqualTo(ResumableRun.exported(whole).get(weights));
    }

    @Test
    void changedSettingsAreRefusedButNotThoseThatChangeNoBits() throws IOException {
        Path copy = copy("settings");
        Path file = copy.resolve("pipeline.json");
        String text = Files.readString(file);
        Files.writeString(
                file,
                text.replace("\"max_grad_norm\": 1.0", "\"max_grad_norm\": 2.0")
                        .replace("\"seed\": 1", "\"seed\": 2"));
        Map<String, String> before = contents(copy);
        assertThatThrownBy(() -> ResumableRun.resume(copy, NEVER))
                .isInstanceOfSatisfying(
                        CgloraException.class,
                        e -> {
                            assertThat(e.exitStatus()).isEqualTo(2);
                            assertThat(e.problems()).hasSize(2);
                            assertThat(e.problems().toString())
                                    .contains(
                                            "train.max_grad_norm: is 2.0, the run was started with"
                                                    + " 1.0",
                                            "seed: is 2");
                        });
        assertThat(contents(copy)).isEqualTo(before);
        Files.writeString(file, text.replace("\"save_steps\": 2", "\"save_steps\": 5"));
        assertThat(ResumableRun.resume(copy, NEVER).status()).isZero();
        requireSameEnd(copy);
    }

    /// Rates and lengths may be changed on purpose, and only so; a finished run goes on further.
    @Test
    void moreStepsAndOtherRatesOnlyWhereTheyAreAskedFor() throws IOException {
        Path copy = copy("longer");
        ResumableRun.Outcome refused =
                ResumableRun.command(copy, "--set", "train.per_device_batch_size=2");
        assertThat(refused.status()).as(refused.shown()).isEqualTo(2);
        assertThat(refused.shown())
                .contains("error R-SETTING: train.per_device_batch_size: is 2", "--set may change");
        ResumableRun.Outcome longer =
                ResumableRun.command(
                        copy, "--set", "train.max_steps=16", "--set", "train.learning_rate=1e-3");
        assertThat(longer.status()).as(longer.shown()).isZero();
        assertThat(longer.shown())
                .contains(
                        "warning R-SETTING: train.max_steps: is 16, the run was started with 12",
                        "warning R-SETTING: train.learning_rate",
                        "16/16 steps");
        ResumableRun.Outcome more = ResumableRun.command(copy, "--set", "train.max_steps=18");
        assertThat(more.shown()).contains("goes on after step 16", "18/18 steps");
    }

    @Test
    void oneProcessHasTheFolder() throws IOException {
        Path copy = copy("locked");
        Map<String, String> before = contents(copy);
        try (RunLock _ = RunLock.of(copy)) {
            ResumableRun.Outcome outcome = ResumableRun.command(copy);
            assertThat(outcome.status()).isEqualTo(5);
            assertThat(outcome.shown())
                    .contains("error K-LOCKED", "process " + ProcessHandle.current().pid());
        }
        assertThat(contents(copy)).isEqualTo(before);
        assertThat(ResumableRun.resume(copy, NEVER).status()).isZero();
    }

    /// A signal at any step: a checkpoint of that very step, and an adapter that the end replaces.
    @Test
    void aStoppedRunGoesOnWhereItWasStopped() throws IOException {
        var asked = new ArrayList<Integer>();
        ResumableRun.Outcome stopped =
                run.run(
                        () -> {
                            if (asked.size() > 2 || isStep(run, 5)) {
                                asked.add(1);
                                return 130;
                            }
                            return 0;
                        });
        assertThat(stopped.status()).isEqualTo(130);
        Path interrupted = run.newest();
        assertThat(stopped.shown())
                .contains("resume: cglora resume", interrupted.getFileName().toString());
        assertThat(ResumableRun.checkpoints(interrupted)).contains("checkpoint-5");
        assertThat(ResumableRun.exported(interrupted))
                .isNotEmpty()
                .isNotEqualTo(ResumableRun.exported(whole));
        ResumableRun.Outcome outcome = ResumableRun.resume(interrupted, NEVER);
        assertThat(outcome.shown()).contains("goes on after step 5");
        requireSameEnd(interrupted);
    }

    private static boolean isStep(ResumableRun run, int step) {
        try {
            return Files.readString(run.newest().resolve("events.jsonl"))
                    .contains("\"step\":" + step + ",\"epoch\"");
        } catch (IOException e) {
            return false; // not begun
        }
    }

    @Test
    void aFinishedRunIsLeftAlone() throws IOException {
        Map<String, String> before = contents(whole);
        ResumableRun.Outcome outcome = ResumableRun.command(whole);
        assertThat(outcome.status()).isZero();
        assertThat(outcome.shown()).contains("is finished");
        assertThat(contents(whole)).isEqualTo(before);
    }

    @Test
    void aFolderThatIsNoRunIsRefused() {
        ResumableRun.Outcome outcome = ResumableRun.command(folder.resolve("model"));
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.shown()).contains("error R-MISSING", "pipeline.json");
        assertThat(ResumableRun.command(folder.resolve("nowhere")).status()).isEqualTo(3);
    }

    /// Where no checkpoint can be written, training ends with the name of the file; it goes on when
    /// there is room.
    @Test
    void aDiskThatTakesNothingEndsTheRun() throws IOException {
        Path copy = copy("full");
        Path aside = folder.resolve("aside");
        Files.move(copy.resolve("checkpoints"), aside);
        Files.writeString(copy.resolve("checkpoints"), "a file in the way");
        assertThatThrownBy(() -> ResumableRun.resume(copy, NEVER))
                .isInstanceOfSatisfying(
                        CgloraException.class,
                        e -> {
                            assertThat(e.exitStatus()).isEqualTo(5);
                            assertThat(e.getMessage()).contains("checkpoints");
                        });
        Files.delete(copy.resolve("checkpoints"));
        Files.move(aside, copy.resolve("checkpoints"));
        assertThat(ResumableRun.resume(copy, NEVER).shown()).contains("goes on after step 8");
        assertThat(ResumableRun.exported(copy)).isEqualTo(ResumableRun.exported(whole));
        assertThat(ResumableRun.metrics(copy)).isEqualTo(ResumableRun.metrics(whole));
    }

    @Test
    void asManyStayAsAreAskedFor() throws IOException {
        assertThat(ResumableRun.checkpoints(whole))
                .contains("checkpoint-10", "checkpoint-12")
                .hasSizeBetween(2, 3);
        var all = new ResumableRun(folder.resolve("all"), LORA, ", \"save_total_limit\": null");
        all.run(NEVER);
        assertThat(ResumableRun.checkpoints(all.newest())).hasSize(6);
        var none = new ResumableRun(folder.resolve("none"), LORA, "");
        Files.writeString(
                none.folder().resolve("p.json"),
                Files.readString(none.folder().resolve("p.json"))
                        .replace("\"save_steps\": 2", "\"save_steps\": null"));
        none.run(NEVER);
        assertThat(none.newest().resolve("checkpoints")).doesNotExist();
    }

    /// Other threads divide sums otherwise: what comes has other bits, and the run says so.
    @Test
    void anotherEngineIsToldAndGoesOn() throws IOException {
        var run =
                new ResumableRun(
                        folder,
                        "{\"stage\": \"adapter\", \"method\": \"lora\", \"r\": 2,"
                                + " \"head_warmup\": false},",
                        "");
        Path crashed = run.crashBehind("checkpoint-4");
        ResumableRun.Outcome outcome = ResumableRun.command(crashed, "--set", "engine.threads=3");
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(outcome.shown())
                .contains("warning R-ENGINE: ", "jvm, 1 threads", "jvm, 3 threads", "same bits")
                .contains("goes on after step");
        assertThat(Files.readString(crashed.resolve("metrics.json"))).contains("R-ENGINE");
        assertThat(ResumableRun.exported(crashed)).isNotEmpty();
    }
}
