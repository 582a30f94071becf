package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// An adapter stage that takes the start which an earlier run has kept.
class EarlierStartTest {
    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
    }

    private TinyRuns.Outcome run(String settings, String... more) {
        var arguments = new ArrayList<String>();
        for (String setting : settings.split(";")) {
            arguments.addAll(List.of("--set", setting));
        }
        for (String setting : more) {
            arguments.addAll(List.of("--set", setting));
        }
        return runs.run(arguments.toArray(String[]::new));
    }

    private static Map<String, JsonNode> metrics(Path run) {
        Map<String, JsonNode> metrics = ResumableRun.metrics(run);
        List.of("whitening", "ranks").forEach(metrics::remove); // what the start has computed
        return metrics;
    }

    /// Whitened whole and thin, with chosen ranks, shifted, and another method without a head.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "adapter.r=2",
                "adapter.cg.whitening_rank=3",
                "adapter.cg.rank_allocation=curvature",
                "adapter.cg.shift=true;adapter.lora_dropout=0.1",
                "adapter.method=pissa;adapter.head_warmup=false"
            })
    void aRunThatTakesItEndsWithTheSameBits(String settings) throws IOException {
        run(settings, "adapter.keep=true").succeeds();
        Path first = runs.latest();
        TinyRuns.Outcome outcome =
                run(settings, "calibrate.when=false", "adapter.start=" + first).succeeds();
        Path second = runs.latest();
        assertThat(outcome.err()).contains("the start of").doesNotContain("warning", "[3/7]");
        assertThat(second).isNotEqualTo(first);
        assertThat(ResumableRun.exported(second))
                .hasSizeGreaterThan(1)
                .isEqualTo(ResumableRun.exported(first));
        assertThat(metrics(second)).isEqualTo(metrics(first));
        TinyRuns.execute("replay", second.toString()).succeeds();
    }

    @Test
    void aCrashedRunThatTakesItGoesOn() throws IOException {
        var run =
                new ResumableRun(
                        folder,
                        """
                        {"stage": "calibrate", "samples": 8, "step_samples": 4},
                        {"stage": "adapter", "method": "cg-lora", "r": 2, "keep": true,
                         "target_modules": "all-linear", "head_warmup": {"examples": 8}},
                        """,
                        "");
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace(
                                "\"keep\": true",
                                "\"start\": \"runs/" + whole.getFileName() + "\""));
        Path crashed = run.crashBehind("checkpoint-4");
        ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(outcome.shown()).contains("goes on after step 4");
        assertThat(ResumableRun.exported(crashed)).isEqualTo(ResumableRun.exported(whole));
        // what it was started with is one of its files
        Path tensors = whole.resolve("start/start.safetensors");
        byte[] bytes = Files.readAllBytes(tensors);
        Path again = run.crashBehind("checkpoint-4");
        bytes[bytes.length - 1] ^= 1;
        Files.write(tensors, bytes);
        outcome = ResumableRun.command(again);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.shown()).contains("R-DAMAGED", "SHA-256 differs");
    }

    @Test
    void otherSettingsAreRefusedOneAndAll() throws IOException {
        run("adapter.keep=true").succeeds();
        TinyRuns.Outcome outcome =
                run(
                        "adapter.start=" + runs.latest(),
                        "adapter.r=3",
                        "adapter.cg.damping=2.0",
                        "adapter.head_warmup.examples=4");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("R-SETTING", "adapter.r", "is 3", "with 2", "adapter.cg", "head_warmup");
    }

    @Test
    void anotherBaseIsRefusedAndOtherDataTold() throws IOException {
        run("adapter.keep=true").succeeds();
        Path first = runs.latest();
        Path data = folder.resolve("train.tsv");
        Files.writeString(data, Files.readString(data) + "the new good book\tyes\n");
        TinyRuns.Outcome outcome = run("adapter.start=" + first).succeeds();
        assertThat(outcome.err()).contains("R-CHANGED", "has read other data files");
        TinyModel.write(folder.resolve("model"), 6, 0);
        outcome = run("adapter.start=" + first);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-BASE", "SHA-256");
    }

    @Test
    void whatExcludesItIsTold() throws IOException {
        run("adapter.r=2").succeeds();
        String latest = runs.latest().toString();
        assertThat(run("adapter.start=" + latest).err())
                .contains("M-PATH", "holds no start", "\"keep\": true");
        assertThat(run("adapter.start=" + latest, "adapter.keep=true").err())
                .contains("O-CONFLICT", "'keep' and 'start'");
        assertThat(run("adapter.keep=true", "adapter.method=full").err())
                .contains("O-CONFLICT", "method 'full'");
    }

    /// Behind a start that is taken, alignment measures what it did behind the one that was made.
    @Test
    void alignmentIsTheSame() throws IOException {
        Path file = folder.resolve("p.json");
        run("adapter.method=full").succeeds();
        Files.writeString(
                file,
                Files.readString(file)
                        .replace(
                                "{\"stage\": \"train\"",
                                "{\"stage\": \"align\", \"reference\": \"%s\", \"layers\": true}, {\"stage\": \"train\""
                                        .formatted(runs.latest())));
        run("adapter.keep=true").succeeds();
        Path first = runs.latest();
        run("adapter.start=" + first).succeeds();
        assertThat(metrics(first)).containsKey("alignment");
        assertThat(metrics(runs.latest())).isEqualTo(metrics(first));
    }
}
