package cglora.pipeline.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.error.Problems;
import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class GridComparisonTest {
    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    /// A finished run as `run` leaves it.
    private Path run(
            String data, String method, String rate, int seed, double validation, double test)
            throws IOException {
        String name = "%s-%s-%s-%d".formatted(data, method, rate, seed);
        Path run = Files.createDirectories(folder.resolve("grid").resolve(name));
        Files.writeString(
                run.resolve("pipeline.json"),
                """
                {"cglora": 1, "name": "p", "seed": %d, "output_dir": "runs/p",
                 "engine": {"type": "jvm"}, "vars": {},
                 "stages": [{"stage": "data", "id": "data", "train": "%s"},
                  {"stage": "adapter", "id": "adapter", "method": "%s", "r": 8},
                  {"stage": "train", "id": "train", "learning_rate": %s, "load_best": "loss"}]}
                """
                        .formatted(seed, data, method, rate));
        Files.writeString(
                run.resolve("metrics.json"),
                """
                {"head only": {"loss": 1.2}, "after initialisation": {"loss": 0.9},
                 "after training, test": {"loss": %s, "accuracy": %s},
                 "alignment": [{"step": 0, "distance": 1.0}, {"step": 20, "distance": 0.6}],
                 "initialisation": {"seconds": 2.5, "planned_mib": 700.0}, "seconds": 30.0}
                """
                        .formatted(1 - test, test));
        Files.writeString(
                run.resolve("run.json"),
                "{\"version\": \"1\", \"device\": \"jvm\", \"threads\": 2}");
        Files.writeString(
                run.resolve("events.jsonl"),
                """
                {"v":1,"time":"2026-11-25T10:00:01Z","event":"step","step":1,"ms":1000.0}
                {"v":1,"time":"2026-11-25T10:00:05Z","event":"eval","step":10,"loss":%s,"best":true}
                {"v":1,"time":"2026-11-25T10:00:09Z","event":"eval","step":20,"loss":%s,"best":false}
                {"v":1,"time":"2026-11-25T10:00:10Z","event":"end","exit":0}
                """
                        .formatted(validation, validation + 0.1));
        return run;
    }

    /// lora is better on the test split at 1e-3, on the validation split at 1e-2.
    private void grid(String data) throws IOException {
        for (int seed = 1; seed <= 4; seed++) {
            double noise = 0.001 * seed;
            run(data, "lora", "0.001", seed, 0.50 + noise, 0.90 + noise);
            run(data, "lora", "0.01", seed, 0.40 + noise, 0.70 + noise);
            run(data, "lora", "0.1", seed, 0.60 + noise, 0.60 + noise);
            run(data, "cg-lora", "0.001", seed, 0.35 + noise, 0.80 + noise * noise);
            run(data, "cg-lora", "0.01", seed, 0.38 + noise, 0.70);
        }
    }

    @Test
    void optionsOfAnotherMethodSetNoMethodApart() throws IOException {
        for (int seed = 1; seed <= 2; seed++) {
            for (String method : List.of("lora", "cg-lora")) {
                for (String coordinates : List.of("plain", "whitened")) {
                    Path run = run(coordinates, method, "0.001", seed, 0.5, 0.9);
                    Path pipeline = run.resolve("pipeline.json");
                    String options = "\"r\": 8, \"cg\": {\"coordinates\": \"" + coordinates + "\"}";
                    Files.writeString(
                            pipeline,
                            Files.readString(pipeline)
                                    .replace("\"train\": \"" + coordinates, "\"train\": \"d")
                                    .replace("\"r\": 8", options));
                }
            }
        }
        var options =
                new GridComparison.Options(
                        List.of("adapter.method", "adapter.cg.coordinates"),
                        "train.learning_rate",
                        null,
                        "loss",
                        null,
                        null);
        var runs = RunReader.read(List.of(folder.resolve("grid")), new Problems());
        assertThat(runs).hasSize(8);
        var sections = GridComparison.of(runs, options, new Problems()).sections();
        assertThat(sections).hasSize(1);
        assertThat(sections.getFirst().methods())
                .extracting(Method::name)
                .containsExactlyInAnyOrder("lora", "cg-lora plain", "cg-lora whitened");
    }

    private GridComparison compare(String against) {
        return GridComparison.of(
                RunReader.read(List.of(folder.resolve("grid")), new Problems()),
                new GridComparison.Options(
                        List.of("adapter.method"),
                        "train.learning_rate",
                        null,
                        "loss",
                        null,
                        against),
                new Problems());
    }

    private static Outcome execute(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Outcome compare(String... more) {
        var arguments = new ArrayList<>(List.of("compare", folder.resolve("grid").toString()));
        arguments.addAll(Arrays.asList(more));
        return execute(arguments.toArray(String[]::new));
    }

    @Test
    void theRateIsChosenOnTheValidationSplitAlone() throws IOException {
        grid("a.tsv");
        GridComparison.Section section = compare((String) null).sections().getFirst();
        assertThat(section.methods())
                .extracting(m -> m.name() + " " + m.chosen().value())
                .containsExactlyInAnyOrder("lora 0.01", "cg-lora 0.001");
        assertThat(section.reference().name()).isEqualTo("cg-lora");
        // the test split turned upside down changes no choice
        for (RunRecord run : RunReader.read(List.of(folder.resolve("grid")), new Problems())) {
            Path metrics = Path.of(run.name()).resolve("metrics.json");
            String text = Files.readString(metrics);
            Files.writeString(
                    metrics,
                    text.replaceAll(
                            "\"accuracy\": [0-9.]+",
                            "\"accuracy\": " + (1 - run.test("accuracy"))));
        }
        section = compare((String) null).sections().getFirst();
        assertThat(section.methods())
                .extracting(m -> m.name() + " " + m.chosen().value())
                .containsExactlyInAnyOrder("lora 0.01", "cg-lora 0.001");
        assertThat(section.reference().name()).isEqualTo("cg-lora");
    }

    @Test
    void testsArePairedBySeedAndCorrected() throws IOException {
        grid("a.tsv");
        GridComparison.Section section = compare("lora").sections().getFirst();
        Comparison accuracy = section.tests().getFirst();
        assertThat(accuracy.metric()).isEqualTo("accuracy");
        assertThat(accuracy.seeds()).isEqualTo(4);
        double[] differences = new double[4];
        for (int i = 0; i < 4; i++) {
            double noise = 0.001 * (i + 1);
            differences[i] = 0.80 + noise * noise - (0.70 + noise);
        }
        assertThat(accuracy.difference()).isCloseTo(Significance.mean(differences), within(1e-12));
        assertThat(accuracy.t()).isCloseTo(Significance.pairedT(differences), within(1e-9));
        assertThat(accuracy.permutation()).isEqualTo(0.125);
        assertThat(accuracy.verdict()).contains("better by 0.0975 over 4 seeds: significant");
        assertThat(section.tests().get(1).verdict()).contains("test loss", "better by 0.0975");
    }

    @Test
    void aRateSomeOfWhoseRunsFailedIsNotChosenAndStaysVisible() throws IOException {
        grid("a.tsv");
        Path lost = folder.resolve("grid/a.tsv-cg-lora-0.001-2/events.jsonl");
        Files.writeString(lost, Files.readString(lost).replace("\"exit\":0", "\"exit\":6"));
        Outcome outcome = compare();
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("1 runs are not finished, or failed");
        assertThat(outcome.out())
                .containsPattern("\\| cg-lora *\\| 0.01|\\| cg-lora *\\| 1e-2")
                .containsPattern("\\| cg-lora *\\| 1e-3 *\\| 3 ");
    }

    @Test
    void theReportSaysEverythingAndExplainsIt() throws IOException {
        grid("a.tsv");
        Path page = folder.resolve("page.html");
        Outcome outcome = compare("--loss-target", "0.41", "--html", page.toString());
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("best learning_rate", "1e-2", "0.7025 ± 0.0013", "yes: try 1e-4")
                .contains("steps to 0.41", "distance to full", "0.6000", "2.50", "700")
                .contains("4 of 4", "The test split plays no part", "Holm");
        assertThat(Files.readString(page))
                .contains(
                        "What the numbers mean",
                        "<polyline",
                        "yes: try 1e-4",
                        "Every learning_rate")
                .doesNotContain("http", "<script", "@import", "url(");
        Outcome csv = compare("-o", "csv");
        assertThat(csv.out().lines()).hasSize(6);
        var json = JsonMapper.shared().readTree(compare("-o", "json").out());
        assertThat(json.path("sections").get(0).path("methods").size()).isEqualTo(2);
        assertThat(json.path("sections").get(0).path("verdicts").size()).isPositive();
    }

    @Test
    void aDifferenceThatSeedsDoNotBearOutIsCalledNotSignificant() throws IOException {
        double[] lora = {0.70, 0.74, 0.71, 0.73};
        double[] other = {0.72, 0.71, 0.74, 0.72};
        for (int seed = 0; seed < 4; seed++) {
            run("a.tsv", "lora", "0.01", seed, 0.4, lora[seed]);
            run("a.tsv", "cg-lora", "0.01", seed, 0.39, other[seed]);
        }
        assertThat(compare().out())
                .contains("worse by 0.0025 over 4 seeds: not significant")
                .contains("no difference between the methods is significant")
                .doesNotContain("seeds: significant");
        assertThat(compare("--against", "lira").err()).contains("no method 'lira'", "lora");
    }

    @Test
    void oneSeedTestsNothing() throws IOException {
        run("a.tsv", "lora", "0.01", 1, 0.4, 0.7);
        run("a.tsv", "cg-lora", "0.01", 1, 0.3, 0.8);
        assertThat(compare().out()).contains("one seed in common: not significant");
    }

    @Test
    void otherDataIsASectionOfItsOwn() throws IOException {
        grid("a.tsv");
        grid("b.tsv");
        GridComparison comparison = compare((String) null);
        assertThat(comparison.sections())
                .extracting(GridComparison.Section::title)
                .containsExactlyInAnyOrder("data.train = a.tsv", "data.train = b.tsv");
        assertThat(comparison.sections().getFirst().methods())
                .allSatisfy(m -> assertThat(m.chosen().count()).isEqualTo(4));
        assertThat(compare("--metric", "accuracy").out())
                .contains("## data.train = a.tsv\n\n### Results", "## data.train = b.tsv")
                .contains("no test goes across", "Distance to full and cosine");
    }

    /// The pipelines' names are the headlines where each section has one of its own.
    @Test
    void sectionsAreCalledAsTheirPipelines() throws IOException {
        grid("a.tsv");
        grid("b.tsv");
        try (var runs = Files.list(folder.resolve("grid"))) {
            for (Path run : runs.toList()) {
                Path pipeline = run.resolve("pipeline.json");
                String name = run.getFileName().toString().substring(0, 1);
                String text = Files.readString(pipeline);
                Files.writeString(
                        pipeline, text.replace("\"name\": \"p\"", "\"name\": \"" + name + "\""));
            }
        }
        assertThat(compare("--metric", "accuracy").out())
                .contains(
                        "## a\n\nWhat sets it apart: data.train = a.tsv\n\n### Results",
                        "## b\n\nWhat sets it apart: data.train = b.tsv",
                        "lora is worse by");
        assertThat(compare("-o", "csv").out()).contains("\na,cg-lora", "\nb,lora");
    }

    /// Options that only one method has are part of it; where two methods have other ones, a
    /// reader is told.
    @Test
    void whatDiffersAlongWithTheMethodIsSaid() throws IOException {
        for (int seed = 1; seed <= 2; seed++) {
            for (String method : List.of("lora", "cg-lora", "cg-lora plain")) {
                Path run = run("d", method, "0.001", seed, 0.5, 0.9);
                Path pipeline = run.resolve("pipeline.json");
                String damping = method.endsWith("plain") ? "0.1" : "1";
                String options =
                        "{\"damping\": "
                                + damping
                                + ", \"p_a\": 0.5, \"step\": \""
                                + method
                                + "\"}";
                Files.writeString(
                        pipeline,
                        Files.readString(pipeline)
                                .replace(
                                        method + "\", \"r\": 8",
                                        method.split(" ")[0] + "\", \"r\": 8, \"cg\": " + options));
            }
        }
        var of =
                GridComparison.of(
                        RunReader.read(List.of(folder.resolve("grid")), new Problems()),
                        new GridComparison.Options(
                                List.of("adapter.method", "adapter.cg.step"),
                                "train.learning_rate",
                                null,
                                "loss",
                                null,
                                null),
                        new Problems());
        assertThat(of.sections()).hasSize(1);
        assertThat(of.sections().getFirst().methods()).hasSize(3);
        assertThat(of.sections().getFirst().along()).containsExactly("adapter.cg.damping");
    }

    @ParameterizedTest
    @CsvSource({
        "--by adapter.metod, did you mean 'adapter.method'",
        "--best lr, no run has this setting",
        "--metric f1, 'has no f1 on the test split'",
        "--choose f1, 'the test split never is'",
        "--fail-if loss>1, is for two single runs",
        "--fail-if f1, METRIC < base"
    })
    void badOptionsAreToldWithTheirRemedy(String option, String message) throws IOException {
        grid("a.tsv");
        Outcome outcome = compare(option.split(" ", 2));
        assertThat(outcome.status()).isBetween(2, 3);
        assertThat(outcome.err()).contains(message);
        assertThat(outcome.out()).isEmpty();
    }

    @Test
    void aFolderWithoutRunsIsRefused() throws IOException {
        Files.createDirectories(folder.resolve("grid"));
        assertThat(compare().err()).contains("holds no finished run");
        assertThat(execute("compare", folder.resolve("none").toString()).err())
                .contains("is not a folder");
    }

    @ParameterizedTest
    @CsvSource({
        "accuracy < base - 0.01, 7",
        "accuracy < base - 0.11, 0",
        "accuracy<base*0.95, 7",
        "accuracy <= 0.7, 7",
        "accuracy < 0.7, 0",
        "loss > base + 0.05, 7",
        "loss >= 0.31, 0",
        "loss > -1, 7"
    })
    void aCheckOfTwoRunsExitsWith7(String condition, int status) throws IOException {
        Path base = run("a.tsv", "lora", "0.01", 1, 0.4, 0.8);
        Path other = run("a.tsv", "pissa", "0.02", 1, 0.4, 0.7);
        Outcome outcome =
                execute("compare", base.toString(), other.toString(), "--fail-if", condition);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err().contains("check failed")).isEqualTo(status == 7);
        assertThat(outcome.out().indexOf("adapter.method"))
                .isBetween(0, outcome.out().indexOf("after training, test: accuracy"));
        assertThat(outcome.out()).contains("| -0.1000", "device").doesNotContain("adapter.r ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"csv", "json"})
    void twoRunsInOtherForms(String form) throws IOException {
        Path base = run("a.tsv", "lora", "0.01", 1, 0.4, 0.8);
        Path other = run("<b>.tsv", "lora", "0.01", 1, 0.4, 0.7);
        Path page = folder.resolve("two.html");
        Outcome outcome =
                execute(
                        "compare",
                        base.toString(),
                        other.toString(),
                        "-o",
                        form,
                        "--html",
                        page.toString());
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("after training, test: accuracy");
        assertThat(Files.readString(page)).contains("&lt;b&gt;.tsv").doesNotContain("<b>.tsv");
    }

    @ParameterizedTest
    @ValueSource(strings = {"accuracy < 0", "accuracy <= 0", "accuracy > 2", "accuracy >= base"})
    void aMetricThatIsNotANumberFailsEveryCheck(String condition) throws IOException {
        Path base = run("a.tsv", "lora", "0.01", 1, 0.4, 0.8);
        Path other = run("a.tsv", "pissa", "0.02", 1, 0.4, 0.7);
        Path metrics = other.resolve("metrics.json");
        Files.writeString(metrics, Files.readString(metrics).replace("0.7}", "\"NaN\"}"));
        Outcome outcome =
                execute("compare", base.toString(), other.toString(), "--fail-if", condition);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(7);
        assertThat(outcome.err()).contains("accuracy is NaN");
    }

    @Test
    void conditionsHaveOneForm() {
        assertThatThrownBy(() -> FailCondition.parse("loss ~ 1")).hasMessageContaining("METRIC");
        assertThat(FailCondition.parse("f1 < base * 0.9"))
                .isEqualTo(new FailCondition("f1", "<", true, 0.9, 0));
        assertThat(FailCondition.parse("loss>=-1e-3"))
                .isEqualTo(new FailCondition("loss", ">=", false, 0, -1e-3));
    }
}
