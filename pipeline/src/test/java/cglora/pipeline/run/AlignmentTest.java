package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.PeftAdapter;
import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The verb and the stage on a very small model: known cases, the two beside each other, and what
/// cannot be compared.
class AlignmentTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "OUT", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              CALIBRATE
              {"stage": "adapter", "method": "METHOD", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 40}},
              ALIGN
              {"stage": "train", "max_steps": 5, "eval_steps": 2, "load_best": null,
               "per_device_batch_size": 4, "learning_rate": 0.01}]}
            """;
    private static final String CALIBRATE =
            "{\"stage\": \"calibrate\", \"samples\": 16, \"step_samples\": 8},";
    private static final String QUERY = "bert.encoder.layer.0.attention.self.query";

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        pipeline("full", "full", "", "");
        pipeline("lora", "lora", "", "");
        assertThat(execute("run", path("full.json")).status()).isZero();
    }

    private void pipeline(String name, String method, String calibrate, String align)
            throws IOException {
        Files.writeString(
                folder.resolve(name + ".json"),
                PIPELINE.replace("METHOD", method)
                        .replace("OUT", name)
                        .replace("CALIBRATE", calibrate)
                        .replace("ALIGN", align));
    }

    private String stage(String more) throws IOException {
        return "{\"stage\": \"align\", \"reference\": \"" + only("full") + "\"" + more + "},";
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private Path only(String runs) throws IOException {
        try (var found = Files.list(folder.resolve(runs))) {
            return found.filter(f -> !Files.isSymbolicLink(f)).findFirst().orElseThrow();
        }
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

    private Outcome align(Path reference, Path adapter, String... more) {
        var all = new ArrayList<>(List.of("align", path("lora.json")));
        all.addAll(List.of("--reference", reference.toString(), "--adapter", adapter.toString()));
        all.addAll(List.of(more));
        return execute(all.toArray(String[]::new));
    }

    private static JsonNode row(Outcome outcome) {
        assertThat(outcome.status()).as(outcome.err()).isZero();
        return JsonMapper.shared().readTree(outcome.out()).path("adapters").get(0);
    }

    private JsonNode alignment(String runs) throws IOException {
        Outcome outcome = execute("run", path(runs + ".json"));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        return JsonMapper.shared()
                .readTree(only(runs).resolve("metrics.json").toFile())
                .path("alignment");
    }

    private static double number(JsonNode row, String key) {
        assertThat(row.path(key).isNumber()).as(key + " of " + row).isTrue();
        return row.path(key).asDouble();
    }

    @Test
    void theReferenceIsAtNoDistanceFromItself() throws IOException {
        JsonNode row = row(align(only("full"), only("full"), "-o", "json"));
        assertThat(number(row, "distance")).isZero();
        assertThat(number(row, "distance_h")).isZero();
        assertThat(number(row, "kl")).isZero();
        assertThat(number(row, "agreement")).isEqualTo(1);
        assertThat(number(row, "cosine")).isEqualTo(1, within(1e-9));
    }

    @Test
    void anAdapterThatHasNotMovedIsAtDistanceOneWithoutADirection() throws IOException {
        assertThat(execute("init", path("lora.json")).status()).isZero();
        JsonNode row = row(align(only("full"), only("lora"), "-o", "json"));
        assertThat(number(row, "distance")).isEqualTo(1, within(1e-4));
        assertThat(number(row, "distance_h")).isEqualTo(1, within(1e-4));
    }

    @Test
    void theSameTrainingEndsAtTheReference() throws IOException {
        pipeline("again", "full", "", stage(""));
        JsonNode rows = alignment("again");
        assertThat(rows.size()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            assertThat(rows.get(i).path("step").asInt()).isEqualTo(new int[] {0, 2, 4, 5}[i]);
        }
        assertThat(number(rows.get(0), "distance")).isEqualTo(1, within(1e-6));
        assertThat(rows.get(0).path("cosine").isNull()).isTrue();
        assertThat(number(rows.get(1), "distance")).isBetween(0.05, 2.0);
        assertThat(number(rows.get(3), "distance")).isEqualTo(0, within(1e-5));
        assertThat(number(rows.get(3), "cosine")).isEqualTo(1, within(1e-6));
        assertThat(number(rows.get(3), "kl")).isEqualTo(0, within(1e-6));
        assertThat(number(rows.get(3), "agreement")).isEqualTo(1);
    }

    /// The verb's pipeline has no calibration, the stage's has: f0 is the same.
    @Test
    void verbAndStageMeasureTheSame() throws IOException {
        pipeline("cg", "cg-lora", CALIBRATE, stage(", \"layers\": true"));
        JsonNode rows = alignment("cg");
        JsonNode start = rows.get(0);
        JsonNode end = rows.get(rows.size() - 1);
        assertThat(start.path("cosine").isNumber()).isTrue();
        assertThat(rows.get(1).has("layers")).isFalse();
        JsonNode verb = row(align(only("full"), only("cg"), "-o", "json", "--layers"));
        for (String key :
                List.of("distance", "distance_h", "distance_raw", "cosine", "kl", "agreement")) {
            assertThat(number(verb, key)).as(key).isEqualTo(number(end, key), within(1e-3));
        }
        assertThat(verb.path("layers").size()).isEqualTo(12);
        for (String key : List.of("update", "span", "tangent")) {
            JsonNode layer = verb.path("layers").path(QUERY);
            double expected = number(end.path("layers").path(QUERY), key);
            assertThat(number(layer, key)).isEqualTo(expected, within(1e-3 * (1 + expected)));
        }
        for (JsonNode row : List.of(start, end, verb)) {
            assertThat(number(row, "span")).isBetween(0.0, number(row, "tangent"));
            assertThat(number(row, "tangent")).isBetween(0.0, 1.0);
        }
    }

    @Test
    void aPageAndATableShowEveryStepAndNeedNothingElse() throws IOException {
        pipeline("cg", "cg-lora", CALIBRATE, stage(", \"layers\": true, \"examples\": 5"));
        Outcome outcome = execute("run", path("cg.json"));
        assertThat(outcome.err()).contains("align").contains("validation, 5 examples");
        assertThat(outcome.out()).contains("alignment, step 5").contains("distance");
        String page = Files.readString(only("cg").resolve("alignment.html"));
        assertThat(page).contains("step 0").contains("step 4").contains("step 5");
        assertThat(page).contains("polyline").contains(QUERY).contains("train.tsv), 5 examples");
        assertThat(page).doesNotContain("<script").doesNotContain("://").doesNotContain("src=");
        assertThat(execute("plan", path("cg.json")).out()).contains("align").contains("reference");
        assertThat(execute("validate", path("cg.json")).status()).isZero();
    }

    @Test
    void checkpointsAreStepsOfOneCurve() throws IOException {
        assertThat(execute("run", path("lora.json")).status()).isZero();
        Path adapter = only("lora").resolve("adapter");
        Path first = copy(adapter, folder.resolve("a<b,c/checkpoint-2"));
        Path second = copy(adapter, folder.resolve("a<b,c/checkpoint-10"));
        Path page = folder.resolve("page.html");
        Outcome outcome =
                align(
                        only("full"),
                        first,
                        "--adapter",
                        second.toString(),
                        "--html",
                        page.toString(),
                        "-o",
                        "csv");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        List<String> lines = outcome.out().lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("adapter,step,layer,distance,");
        assertThat(lines.get(1)).startsWith("\"" + first.getParent() + "\",2,,0.");
        assertThat(lines.get(2)).startsWith("\"" + first.getParent() + "\",10,,0.");
        assertThat(Files.readString(page)).contains("polyline").contains("a&lt;b,c, step 10");
        String table = align(only("full"), first).out();
        assertThat(table)
                .contains("Reference f*: " + only("full"))
                .contains("validation (of")
                .contains("12 examples")
                .contains("a<b,c, step 2 | 0.");
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (String name : List.of(PeftAdapter.CONFIG, PeftAdapter.WEIGHTS)) {
            Files.copy(from.resolve(name), to.resolve(name));
        }
        return to;
    }

    @Test
    void nothingIsLeftBehind() throws IOException {
        var before = files();
        assertThat(align(only("full"), only("full")).status()).isZero();
        assertThat(files()).isEqualTo(before);
    }

    private TreeSet<Path> files() throws IOException {
        try (var all = Files.walk(folder)) {
            return new TreeSet<>(all.toList());
        }
    }

    @Test
    void theHeadDoesNotDependOnACalibration() throws IOException {
        pipeline("cg", "cg-lora", CALIBRATE.replace("16", "500"), "");
        assertThat(execute("init", path("lora.json")).status()).isZero();
        assertThat(execute("init", path("cg.json")).status()).isZero();
        float[][] heads = new float[2][];
        for (int i = 0; i < 2; i++) {
            Path adapter = only(i == 0 ? "lora" : "cg").resolve("adapter");
            heads[i] = PeftAdapter.read(adapter).saved().get("classifier.weight");
        }
        assertThat(heads[0]).isEqualTo(heads[1]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora"})
    void aCalibrationThatNothingNeedsIsLeftOut(String method) throws IOException {
        pipeline("other", method, CALIBRATE, "");
        Outcome outcome = execute("run", path("other.json"));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("nothing gathered: ");
        assertThat(execute("plan", path("other.json")).out()).doesNotContain("calibrate");
    }

    /// Without what this product adds to the files, as PEFT and transformers write them.
    @Test
    void whatOthersMadeIsMeasuredWithAWarning() throws IOException {
        assertThat(execute("run", path("lora.json")).status()).isZero();
        JsonNode own = row(align(only("full"), only("lora"), "-o", "json"));
        Path made = copy(only("lora").resolve("adapter"), folder.resolve("made"));
        PeftAdapter adapter = PeftAdapter.read(made);
        new PeftAdapter(
                        adapter.layers(),
                        adapter.saved(),
                        adapter.shapes(),
                        adapter.base(),
                        Map.of())
                .write(made, 0);
        Path config = only("full").resolve("model/config.json");
        Files.writeString(
                config, Files.readString(config).replaceAll("\"base_sha256\" : \"\\w+\",", ""));
        Outcome outcome = align(only("full"), made, "-o", "json");
        assertThat(number(row(outcome), "distance")).isEqualTo(number(own, "distance"));
        assertThat(outcome.err().lines().filter(line -> line.contains("A-BASE"))).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "D-EMPTY no such split|--reference full --adapter full --data test",
                "M-PATH is not there|--reference nowhere --adapter full",
                "M-PATH is not there|--reference full --adapter nowhere",
                "M-PATH holds no model|--reference lora --adapter full",
                "M-HEAD brings no head|--reference base --adapter full",
                "A-BASE other names or shapes|--reference short --adapter full",
                "A-BASE SHA-256|--reference other --adapter full",
                "D-LABEL its classes are|--reference turned --adapter full",
                "O-CONFLICT not defined|--reference still --adapter full",
                "O-RANGE --damping|--reference full --adapter full --damping -1",
                "P-USAGE --reference|--adapter full",
                "P-USAGE 'xml'|--reference full --adapter full -o xml"
            })
    void whatCannotBeComparedIsRefused(String line) throws IOException {
        String[] parts = line.split("\\|");
        Files.createDirectories(folder.resolve("lora"));
        Path full = only("full").resolve("model");
        String config = Files.readString(full.resolve("config.json"));
        model("short", config.replaceAll("num_hidden_layers\" : 2", "num_hidden_layers\" : 1"));
        model("other", config.replaceAll("(base_sha256\" : \")\\w{4}", "$1abcd"));
        model(
                "turned",
                config.replace("\"0\" : \"no\"", "\"0\" : \"yes\"")
                        .replace("\"1\" : \"yes\"", "\"1\" : \"no\""));
        pipeline("still", "lora", "", "");
        assertThat(execute("init", path("still.json")).status()).isZero();
        var arguments = new ArrayList<>(List.of("align", path("lora.json")));
        for (String word : parts[1].split(" ")) {
            arguments.add(
                    switch (word) {
                        case "full" -> only("full").toString();
                        case "still" -> only("still").toString();
                        case "base" -> path("model");
                        case "nowhere", "lora", "short", "other", "turned" -> path(word);
                        default -> word;
                    });
        }
        Outcome outcome = execute(arguments.toArray(String[]::new));
        int space = parts[0].indexOf(' ');
        assertThat(outcome.status()).isNotZero();
        assertThat(outcome.err())
                .contains(parts[0].substring(0, space))
                .contains(parts[0].substring(space + 1))
                .doesNotContain("a bug of ours");
        assertThat(outcome.out()).isEmpty();
    }

    private Path model(String name, String config) throws IOException {
        Path to = Files.createDirectories(folder.resolve(name));
        try (var files = Files.list(only("full").resolve("model"))) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        Files.writeString(to.resolve("config.json"), config);
        return to;
    }
}
