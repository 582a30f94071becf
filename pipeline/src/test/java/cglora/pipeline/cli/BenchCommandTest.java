package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.bench.Suite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    private static final String RECORD =
            """
            {"cglora_bench": 1, "suite_version": %d, "cglora": "0.1", "commit": "", "date": "",
             "repetitions": 1, "suites": ["gemm"],
             "machine": {"os": "", "processor": "", "threads": 1, "memory_bytes": 0, "java": ""},
             "devices": [{"id": "ptx:0:0", "name": "a GPU", "engine": "tornado", "backend": "ptx",
               "platform": "", "driver": "", "language": "", "profile": "", "runtime": "",
               "agreeing": 40, "wrong": [], "notes": [], "failure": "",
               "results": [{"suite": "gemm", "test": "NN 1×2×3", "unit": "GFLOP/s",
                            "samples": [%s], "of_peak": null, "failure": ""}]}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    private static Outcome run(String... arguments) {
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

    private String record(String name, int version, String samples) throws IOException {
        return Files.writeString(folder.resolve(name), RECORD.formatted(version, samples))
                .toString();
    }

    @Test
    void comparesInEveryFormAndWritesThePage() throws IOException {
        String a = record("a.json", 1, "1, 2, 3");
        String b = record("b.json", 1, "6");
        Path page = folder.resolve("page.html");
        Outcome markdown = run("bench", "compare", a, b, "--html", page.toString());
        assertThat(markdown.status()).as(markdown.err()).isZero();
        assertThat(markdown.out()).contains("a ptx:0:0", "b ptx:0:0", "**6 (3×)**");
        assertThat(page).content().contains("</html>", "b ptx:0:0", "6 (3×)");
        assertThat(run("bench", "compare", a, b, "-o", "csv").out())
                .contains("\r\ngemm,NN 1×2×3,GFLOP/s,2.0,1.0,1.0,6.0,0.0,3.0\r\n");
        assertThat(run("bench", "compare", a, b, "-o", "json").out()).contains("\"gain\": 3.0");
    }

    @Test
    void refusesRecordsThatDoNotFit() throws IOException {
        String a = record("a.json", 1, "1");
        Outcome other = run("bench", "compare", a, record("b.json", 7, "1"));
        assertThat(other.status()).isEqualTo(2);
        assertThat(other.out()).isEmpty();
        assertThat(other.err()).contains("error O-CONFLICT", "suite version 7");
        assertThat(run("bench", "--against", record("c.json", 7, "1")).err())
                .contains("suite version 7, this cglora has " + Suite.VERSION);
        assertThat(run("bench", "compare", folder + "/none.json").err()).contains("no such file");
    }

    /// A page that was made here may be made anew; nothing else is written over.
    @Test
    void writesOverNothingUnlessForced() throws IOException {
        String a = record("a.json", 1, "1");
        Path page = Files.writeString(folder.resolve("page.html"), "<p>my notes</p>");
        Outcome refused = run("bench", "compare", a, "--html", page.toString());
        assertThat(refused.status()).isEqualTo(5);
        assertThat(refused.err()).contains("error K-EXISTS", "page.html", "no page of cglora's");
        assertThat(refused.out()).isEmpty();
        assertThat(page).content().isEqualTo("<p>my notes</p>");
        assertThat(run("bench", "compare", a, "--html", page.toString(), "--force").status())
                .isZero();
        assertThat(page).content().contains("a GPU");
        assertThat(run("bench", "compare", a, "--html", page.toString()).status()).isZero();
        Outcome record = run("bench", "--device", "opencl:9:9", "--save", a);
        assertThat(record.status()).isEqualTo(5);
        assertThat(record.err()).contains("error K-EXISTS", "a.json");
        Outcome html = run("bench", "--device", "opencl:9:9", "--html", a);
        assertThat(html.status()).isEqualTo(5);
        assertThat(html.err()).contains("error K-EXISTS", "a.json");
    }

    @Test
    void refusesWhatIsNoRecord() throws IOException {
        String a = record("a.json", 1, "1");
        Path b = folder.resolve("b.json");
        String text = Files.readString(Path.of(a));
        Files.writeString(b, text.replace("[1]", "[\"NaN\"]"));
        Outcome sample = run("bench", "compare", a, b.toString());
        assertThat(sample.status()).isEqualTo(2);
        assertThat(sample.err())
                .contains("b.json", "/devices/0/results/0/samples/0 is \"NaN\", expected a number");
        Files.write(b, new byte[] {'{', (byte) 0xff, (byte) 0xfe, 0});
        Outcome binary = run("bench", "compare", a, b.toString());
        assertThat(binary.status()).isEqualTo(2);
        assertThat(binary.err()).contains("b.json", "is no text in UTF-8, expected JSON");
        Files.writeString(b, text.replaceFirst("(?s)\"devices\".*", "\"devices\": []}"));
        Path page = folder.resolve("page.html");
        Outcome empty = run("bench", "compare", b.toString(), "--html", page.toString());
        assertThat(empty.status()).isEqualTo(2);
        assertThat(empty.err()).contains("b.json", "/devices is empty, expected at least one");
        assertThat(page).doesNotExist();
    }

    @Test
    void refusesWhatItCannotMeasure() {
        Outcome suite = run("bench", "--suite", "gemm,speed");
        assertThat(suite.status()).isEqualTo(2);
        assertThat(suite.err())
                .contains("no suite 'speed'", "device, kernels, gemm, step, generate, init");
        assertThat(run("bench", "-r", "0").err()).contains("at least 1 repetition");
        assertThat(run("bench", "-o", "xml").err()).contains("expected md, csv or json");
        assertThat(run("bench", "--device", "jvm,,x").err()).contains("has an empty name");
    }

    @Test
    void aDeviceThatIsNotThereIsARowAndAStatus() throws IOException {
        Path saved = folder.resolve("saved.json");
        Outcome outcome =
                run(
                        "bench",
                        "--suite",
                        "gemm",
                        "--device",
                        "opencl:9:9,opencl:8:8",
                        "-r",
                        "1",
                        "--save",
                        saved.toString());
        assertThat(outcome.status()).isEqualTo(4);
        assertThat(outcome.out())
                .containsPattern("- opencl:9:9, FAILED: .*error V-ENGINE")
                .containsPattern("\\| opencl:9:9 .*failed.*see above")
                .containsPattern("- opencl:8:8, FAILED: .*error V-ENGINE");
        assertThat(run("bench", "compare", saved.toString()).out())
                .contains("**opencl:8:8**: opencl:8:8, FAILED: its process ended with status 4");
    }

    @Test
    void saysWhyItMeasuresMoreThanWasAskedFor() {
        String kernels = "suite kernels gives parts of the device's peaks";
        assertThat(run("bench", "--suite", "kernels", "--device", "opencl:9:9").err())
                .contains(kernels, "suite device, which measures them, comes with it");
        assertThat(run("bench", "--suite", "device,kernels", "--device", "opencl:9:9").err())
                .doesNotContain(kernels);
    }

    @Test
    void refusesAModelThatIsNotThereBeforeItMeasures() {
        String model = folder.resolve("nowhere").toString();
        Outcome outcome = run("bench", "--device", "jvm", "--model", model);
        assertThat(outcome.status()).isNotZero();
        assertThat(outcome.err()).contains("M-PATH", "nowhere", "is not there");
        assertThat(outcome.out()).isEmpty();
    }

    @Test
    void refusesAModelWhoseSequencesAreTooShortForTheStep() {
        String model = "../models/src/test/resources/cglora/models/family/bert";
        Outcome outcome = run("bench", "--device", "jvm", "--model", model);
        assertThat(outcome.status()).isNotZero();
        assertThat(outcome.err()).contains("O-CONFLICT", "24 tokens", "128");
    }

    @Test
    void refusesToWriteWithAModelThatCannot() {
        String models = "../models/src/test/resources/cglora/models/family/";
        Outcome encoder = generate(models + "bert", "float32");
        assertThat(encoder.status()).isEqualTo(2);
        assertThat(encoder.err()).contains("O-CONFLICT", "is a bert, which does not go on behind");
        Outcome brief = generate(models + "llama", "float32");
        assertThat(brief.status()).isEqualTo(2);
        assertThat(brief.err()).contains("O-CONFLICT", "24 tokens, prompt and answer are 80");
        assertThat(generate(models + "llama", "float16").err())
                .contains("no type 'float16'", "float32 or bfloat16");
    }

    private static Outcome generate(String model, String dtype) {
        return run(
                "bench",
                "--suite",
                "generate",
                "--device",
                "jvm",
                "--model",
                model,
                "--dtype",
                dtype);
    }
}
