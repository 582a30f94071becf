package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A run that crashes and goes on ends with the bits of one that does not.
class ResumeTest {
    private static final String CALIBRATE =
            "{\"stage\": \"calibrate\", \"samples\": 8, \"step_samples\": 4},";

    @TempDir Path folder;

    /// Every method, with dropout, accumulation, skipped steps and shifted bases among them;
    /// crashed between stages, in initialisation, between steps and in evaluations.
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    lora with dropout | false | "method": "lora", "lora_dropout": 0.3            |
                    skipping          | false | "method": "lora", "lora_dropout": 0.3            | , "on_nan": "skip"
                    accumulating      | false | "method": "rslora", "lora_dropout": 0.1          | , "gradient_accumulation_steps": 2, "scheduler": "cosine"
                    the last state    | false | "method": "lora"                                 | , "load_best": null
                    pissa             | false | "method": "pissa"                                |
                    cg-lora           | true  | "method": "cg-lora", "lora_dropout": 0.2, "cg": {"coordinates": "plain"} |
                    cg-lora whitened  | true  | "method": "cg-lora"                              |
                    cg-lora leading   | true  | "method": "cg-lora", "cg": {"whitening_rank": 2} |
                    cg-lora shifted   | true  | "method": "cg-lora", "cg": {"shift": true}       |
                    cg-lora ranks     | true  | "method": "cg-lora", "cg": {"rank_allocation": "curvature"} |
                    full              | false | "method": "full"                                 |
                    """)
    void goesOnWithTheSameBits(String name, boolean calibrated, String adapter, String training)
            throws IOException {
        String r = name.equals("full") ? "" : ", \"r\": 2, \"target_modules\": \"all-linear\"";
        var run =
                new ResumableRun(
                        folder,
                        (calibrated ? CALIBRATE : "")
                                + "{\"stage\": \"adapter\", "
                                + adapter
                                + r
                                + ", \"head_warmup\": {\"examples\": 8}},",
                        training == null ? "" : training);
        var asked = new AtomicInteger();
        var saved = new AtomicInteger();
        IntSupplier stop =
                () -> {
                    int question = asked.incrementAndGet();
                    if (saved.get() == 0 && run.isThere("checkpoint-2")) {
                        saved.set(question);
                    }
                    return 0;
                };
        assertThat(run.run(stop).status()).isZero();
        Path whole = run.newest();
        int questions = asked.get();
        int continued = 0;
        int over = 0;
        for (int at : crashes(saved.get(), questions)) {
            Path crashed = crash(run, at);
            ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
            assertThat(outcome.status()).as(outcome.shown()).isZero();
            if (outcome.shown().contains("goes on after step")) {
                continued++;
            } else {
                assertThat(outcome.shown()).contains("starts over");
                over++;
            }
            assertThat(ResumableRun.exported(crashed))
                    .as("crashed at question %d of %d", at, questions)
                    .isNotEmpty()
                    .isEqualTo(ResumableRun.exported(whole));
            assertThat(ResumableRun.metrics(crashed)).isEqualTo(ResumableRun.metrics(whole));
            assertThat(ResumableRun.history(crashed)).isEqualTo(ResumableRun.history(whole));
        }
        assertThat(List.of(continued, over)).doesNotContain(0);
    }

    /// What was measured beside a reference before the crash is in the end's record, too.
    @Test
    void theAlignmentOfEarlierStepsIsKept() throws IOException {
        String head = ", \"head_warmup\": {\"examples\": 8}},";
        var full =
                new ResumableRun(
                        folder.resolve("full"),
                        "{\"stage\": \"adapter\", \"method\": \"full\"" + head,
                        "");
        assertThat(full.run(() -> 0).status()).isZero();
        var run =
                new ResumableRun(
                        folder,
                        "{\"stage\": \"adapter\", \"method\": \"lora\", \"r\": 2"
                                + head
                                + "{\"stage\": \"align\", \"data\": \"validation\", \"reference\": \""
                                + full.newest()
                                + "\"},",
                        "");
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        Path crashed = run.crashBehind("checkpoint-8");
        assertThat(ResumableRun.resume(crashed, () -> 0).status()).isZero();
        assertThat(ResumableRun.metrics(whole)).containsKey("alignment");
        assertThat(ResumableRun.metrics(crashed)).isEqualTo(ResumableRun.metrics(whole));
        assertThat(ResumableRun.exported(crashed)).isEqualTo(ResumableRun.exported(whole));
    }

    /// Two questions before the first checkpoint, and some behind it.
    private static List<Integer> crashes(int saved, int questions) {
        var crashes = new ArrayList<>(List.of(1, saved / 2));
        for (int at = saved + 1; at < questions; at += Math.max(1, (questions - saved) / 4)) {
            crashes.add(at);
        }
        return crashes;
    }

    private static Path crash(ResumableRun run, int question) throws IOException {
        var asked = new AtomicInteger();
        assertThatThrownBy(() -> run.run(() -> crashAt(question, asked)))
                .isInstanceOf(ResumableRun.Crash.class);
        return run.newest();
    }

    private static int crashAt(int question, AtomicInteger asked) {
        if (asked.incrementAndGet() == question) {
            throw new ResumableRun.Crash();
        }
        return 0;
    }
}
