package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page that a run leaves.
class RunReportFileTest {
    private static final Pattern TAG = Pattern.compile("<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>");
    private static final Set<String> VOID = Set.of("meta", "br");

    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
    }

    private static void requireWhole(String page) {
        var open = new ArrayDeque<String>();
        var tags = TAG.matcher(page.substring(page.indexOf("<html")));
        while (tags.find()) {
            String name = tags.group(2);
            if (VOID.contains(name) || tags.group(3).endsWith("/")) {
                continue;
            }
            if (tags.group(1).isEmpty()) {
                open.push(name);
            } else {
                assertThat(open.pop()).as("closed at " + tags.start()).isEqualTo(name);
            }
        }
        assertThat(open).isEmpty();
        assertThat(page).doesNotContain("<script", "http:", "https:", "<link", "<img", "@import");
    }

    @Test
    void everyRunLeavesAWholePageThatNeedsNothingElse() throws IOException {
        runs.run().succeeds();
        String page = Files.readString(runs.latest().resolve("report.html"));
        requireWhole(page);
        assertThat(page)
                .contains(
                        "<strong>Done</strong>",
                        "Before and after",
                        "<figcaption>Loss</figcaption>",
                        "Validation: accuracy",
                        "Learning rate",
                        "Class by class",
                        "What was taken for what",
                        "layer by layer",
                        "encoder.layer.1.output.dense",
                        "Time by stage",
                        "matmul",
                        "Memory by kind",
                        "activations",
                        "SHA-256 of the files",
                        "model.safetensors",
                        "cglora replay",
                        "&quot;max_steps&quot;: 6");
    }

    @Test
    void reportMakesTheSamePageAgain() throws IOException {
        runs.run().succeeds();
        Path page = runs.latest().resolve("report.html");
        byte[] first = Files.readAllBytes(page);
        Files.delete(page);
        TinyRuns.execute("report", folder.resolve("runs/latest").toString()).succeeds();
        assertThat(Files.readAllBytes(page)).isEqualTo(first);
        Path elsewhere = folder.resolve("elsewhere.html");
        TinyRuns.execute("report", runs.latest().toString(), "--html", elsewhere.toString())
                .succeeds();
        assertThat(Files.readAllBytes(elsewhere)).isEqualTo(first);
    }

    @Test
    void aFailedRunSaysSo() throws IOException {
        assertThat(runs.run("--set", "train.learning_rate=1e30").status()).isEqualTo(6);
        String page = Files.readString(runs.latest().resolve("report.html"));
        requireWhole(page);
        assertThat(page).contains("Failed", "exit status 6", "loss");
    }

    @Test
    void aKilledRunHasAPage() throws IOException {
        runs.run().succeeds();
        Path events = runs.latest().resolve("events.jsonl");
        List<String> lines = Files.readAllLines(events);
        Files.write(events, lines.subList(0, lines.size() - 3));
        Files.delete(runs.latest().resolve("metrics.json"));
        TinyRuns.execute("report", runs.latest().toString()).succeeds();
        String page = Files.readString(runs.latest().resolve("report.html"));
        requireWhole(page);
        assertThat(page).contains("Not finished").doesNotContain("Done");
    }

    @Test
    void whatPeopleWriteIsNoMarkup() throws IOException {
        Path data = folder.resolve("<i>train.tsv");
        Files.writeString(
                data,
                Files.readString(folder.resolve("train.tsv"))
                        .replace("\tyes", "\t<script>yes</script>")
                        .replace("\tno", "\t\"no&amp;"));
        runs.run(
                        "--set",
                        "data.train=" + data,
                        "--set",
                        "name=<b>name",
                        "--set",
                        "data.format={\"type\":\"tsv\",\"quote\":\"none\"}")
                .succeeds();
        String page = Files.readString(runs.latest().resolve("report.html"));
        requireWhole(page);
        assertThat(page).contains("&lt;script&gt;yes", "&quot;no&amp;amp;", "&lt;b&gt;name");
    }

    @Test
    void tenThousandStepsAreASmallPageWithEveryPeak() throws IOException {
        runs.run().succeeds();
        Path events = runs.latest().resolve("events.jsonl");
        var lines = new StringBuilder();
        for (String line : Files.readAllLines(events)) {
            if (line.contains("\"end\"")) {
                for (int step = 1; step <= 10_000; step++) {
                    lines.append(step(step, step == 7777 ? 5 : 1 + Math.sin(step) / 1e3));
                    if (step % 10 == 0) {
                        lines.append(evaluation(step));
                    }
                }
            }
            lines.append(line).append('\n');
        }
        Files.writeString(events, lines);
        TinyRuns.execute("report", runs.latest().toString()).succeeds();
        Path page = runs.latest().resolve("report.html");
        assertThat(Files.size(page)).isLessThan(300_000);
        String html = Files.readString(page);
        requireWhole(html);
        String loss = html.substring(html.indexOf("<figcaption>Loss"));
        loss = loss.substring(0, loss.indexOf("</figure>"));
        // the peak, at the chart's upper end
        assertThat(loss).containsPattern("25\\d\\.\\d,8\\.0 ").contains(">10000<");
    }

    private static String step(int step, double loss) {
        return """
        {"v":1,"time":"2026-01-01T00:00:00Z","event":"step","step":%d,"epoch":0.1,"loss":%s,\
        "lr":0.001,"grad_norm":0.5,"tokens":100,"padding":0.1,"ms":10.5}
        """
                .formatted(step, loss);
    }

    private static String evaluation(int step) {
        return """
        {"v":1,"time":"2026-01-01T00:00:00Z","event":"eval","loss":1.1,"accuracy":0.5,"step":%d,\
        "best":false}
        """
                .formatted(step);
    }

    @Test
    void aFolderThatIsNoRunIsRefused() {
        TinyRuns.Outcome outcome = TinyRuns.execute("report", folder.toString());
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("is not the folder of a run");
    }
}
