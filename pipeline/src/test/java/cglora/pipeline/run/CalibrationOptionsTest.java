package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
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
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Whole runs on a very small model: every way to gather curvature, and what becomes of statistics
/// that no step can be made from. Nothing is replaced by something else without being said.
class CalibrationOptionsTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 2, "per_device_batch_size": 4},
              {"stage": "export"}]}
            """;

    /// A step that is not looked for: a sample this small may have none.
    private static final String FIXED = "adapter.cg={\"step\":\"fixed\",\"step_size\":0.001}";

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private Outcome run(String... settings) {
        var arguments = new ArrayList<>(List.of("run", folder.resolve("p.json").toString()));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting.strip()));
        }
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments.toArray(String[]::new),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private JsonNode metrics() {
        return JsonMapper.shared().readTree(folder.resolve("runs/latest/metrics.json").toFile());
    }

    private void data(String from, String to) throws IOException {
        Path file = folder.resolve("train.tsv");
        Files.writeString(file, Files.readString(file).replace(from, to));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "calibrate.fisher=mc      | mc, factored",
                "calibrate.fisher=exact   | exact, factored",
                "calibrate.form=implicit  | empirical, implicit",
                "calibrate.tokens=20      | 8 examples, 20 of ",
                "calibrate.tokens=5       | empirical, implicit",
                "calibrate.tokens=100000  | tokens, 12 layers",
                "adapter.cg={\"damping_type\":\"pi\",\"step\":\"fixed\",\"step_size\":0.001} |"
                        + " verified",
                "adapter.cg={\"damping_type\":\"absolute\",\"step\":\"fixed\",\"step_size\":0.001}"
                        + " | verified",
                "adapter.cg={\"p_a\":0.25,\"step\":\"fixed\",\"step_size\":0.001} | verified",
            })
    void everyWayToGatherGivesAVerifiedAdapter(String setting, String essence) throws IOException {
        for (String classes : List.of("two", "three", "regression")) {
            String type = "model.problem_type=single_label_classification";
            if (classes.equals("three")) {
                data("the very bad old film\tno", "the very bad old film\tmaybe");
                data("a bad book\tno", "a bad book\tmaybe");
            } else if (classes.equals("regression")) {
                data("\tmaybe", "\t0.5");
                data("\tno", "\t-1");
                data("\tyes", "\t1.5");
                type = "model.problem_type=regression";
            }
            Outcome outcome =
                    setting.startsWith("adapter.cg")
                            ? run(setting, type)
                            : run(setting, type, FIXED);
            assertThat(outcome.status()).as(classes + outcome.err()).isZero();
            assertThat(outcome.err()).contains("verified", essence.strip());
            assertThat(metrics().path("warnings").isArray()).isTrue();
        }
    }

    @Test
    void theSampleOfTokensIsShownWithWhatItWasDrawnFrom() {
        assertThat(run("calibrate.tokens=20").err())
                .containsPattern("8 examples, 20 of \\d+ tokens");
        assertThat(run().err()).containsPattern("8 examples, \\d+ tokens");
    }

    /// Key projections: a constant added to all keys changes no softmax.
    @ParameterizedTest
    @ValueSource(strings = {"factored", "implicit"})
    void expandInThePlaceOfReduceIsSaidAndRecorded(String form) throws IOException {
        Outcome outcome = run("calibrate.sharing=reduce", "calibrate.form=" + form);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        String key = "bert.encoder.layer.%d.attention.self.key";
        String what = "sharing 'reduce' is 'expand' in 2 of 12 layers";
        assertThat(outcome.err())
                .contains("warning N-CALIBRATION: calibrate", what, "sum to zero")
                .contains(key.formatted(0) + ", " + key.formatted(1));
        JsonNode warning = metrics().path("warnings").get(0);
        assertThat(warning.path("code").asString()).isEqualTo("N-CALIBRATION");
        assertThat(warning.path("what").asString()).contains(what, key.formatted(1));
        assertThat(Files.readString(folder.resolve("runs/latest/events.jsonl"))).contains(what);
        assertThat(run("calibrate.form=" + form).err()).doesNotContain("N-CALIBRATION");
    }

    /// What is degenerate ends in an error that names it, or in a run that says what it did.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "calibrate.samples=1   | " + FIXED + " | 0 | 1 examples,",
                "calibrate.tokens=1    | " + FIXED + " | 0 | 1 of",
                "calibrate.step_samples=1 | adapter.cg.damping=1 | 0 | 1 unseen examples",
                "calibrate.samples=1   | adapter.cg.damping=0 | 6 | error N-DAMPING:"
                        + " bert.encoder.layer",
                "calibrate.tokens=3    | adapter.cg.damping=0 | 6 | is singular",
                "calibrate.form=implicit | adapter.cg.damping=0 | 6 | raise the damping",
                "calibrate.tokens=0    | adapter.r=2           | 2 | found 0, expected 1 or more",
                "calibrate.tokens=9    | calibrate.sharing=reduce | 2 | error O-CONFLICT",
                "adapter.r=13          | calibrate.samples=8   | 2 | error A-RANK",
                "adapter.r=12          | " + FIXED + " | 0 | verified",
            })
    void degenerateStatisticsAreRefusedOrSaid(
            String setting, String other, int status, String essence) {
        Outcome outcome = run(setting, other);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err())
                .contains(essence.strip())
                .doesNotContain("\tat ", "a bug of ours");
    }

    @Test
    void oneClassIsRefusedBeforeTheRun() throws IOException {
        data("\tno", "\tyes");
        Outcome outcome = run();
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err()).contains("error D-LABEL").doesNotContain("\tat ");
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    /// Weights that overflow make every example NaN.
    @ParameterizedTest
    @CsvSource({
        "0, calibrate.fisher=empirical, N-STATISTICS",
        "2, calibrate.fisher=empirical, the loss of calibration example",
        "2, calibrate.fisher=exact, the loss of calibration example",
        "2, calibrate.form=implicit, the loss of calibration example"
    })
    void anExampleThatIsNotFiniteIsNamed(int headLabels, String setting, String essence)
            throws IOException {
        TinyModel.write(folder.resolve("model"), 5, headLabels);
        Path file = folder.resolve("model/model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        try (var source = new Safetensors(file)) {
            for (String tensor : source.names()) {
                int[] extents =
                        Arrays.stream(source.shape(tensor)).mapToInt(Math::toIntExact).toArray();
                float[] values = source.read(tensor);
                if (tensor.endsWith("layer.0.output.LayerNorm.weight")) {
                    Arrays.fill(values, 3e38f);
                }
                tensors.put(tensor, new TensorData(extents, values));
            }
        }
        SafetensorsWriter.write(file, tensors, Map.of());
        Outcome outcome = run(setting, "adapter.head_warmup=" + (headLabels == 0));
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-STATISTICS", essence).doesNotContain("\tat ");
        assertThat(folder.resolve("runs/latest/adapter")).doesNotExist();
    }

    /// One target is so large that its loss overflows.
    @Test
    void aTargetThatOverflowsTheLossNamesItsExample() throws IOException {
        data("\tno", "\t-1");
        data("\tyes", "\t1e30");
        Outcome outcome = run("model.problem_type=regression", "adapter.head_warmup=false", FIXED);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err())
                .contains("error N-STATISTICS: calibrate: the loss of calibration example")
                .contains("Infinity");
    }

    /// Roots of a few eigenvectors, of all, and with exponents of their own.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"whitening_rank\":1",
                "\"whitening_rank\":3",
                "\"whitening_rank\":3,\"rank_allocation\":\"curvature\"",
                "\"whitening_p_a\":0.25,\"whitening_p_s\":0.25",
                "\"whitening_rank\":2,\"whitening_p_a\":0,\"whitening_p_s\":0.5"
            })
    void everyKindOfRootIsMergedIntoTheAdapter(String options) {
        for (String form : List.of("factored", "implicit")) {
            Outcome outcome =
                    run(
                            "calibrate.form=" + form,
                            "adapter.cg={\"step\":\"fixed\",\"step_size\":0.001," + options + "}");
            assertThat(outcome.status()).as(outcome.err()).isZero();
            assertThat(outcome.err()).contains("verified: reloaded on the original base");
        }
    }

    /// All eigenvectors are the whole root: the runs are the same but for rounding.
    @Test
    void rootsOfAllEigenvectorsTrainAsWholeOnes() {
        String cg = "adapter.cg={\"step\":\"fixed\",\"step_size\":0.01%s}";
        var losses = new ArrayList<Double>();
        for (String rank : List.of("", ",\"whitening_rank\":64", ",\"whitening_rank\":1")) {
            assertThat(run(cg.formatted(rank), "train.max_steps=12").status()).isZero();
            losses.add(metrics().path("after training, validation").path("loss").doubleValue());
        }
        assertThat(losses.get(1)).isCloseTo(losses.get(0), within(1e-4));
        assertThat(losses.get(2)).isNotCloseTo(losses.get(0), within(4e-4));
    }

    @Test
    void coordinatesThatAreNotUsedAreSaidToBe() {
        assertThat(run("adapter.cg={\"shift\":true,\"coordinates\":\"whitened\"}").err())
                .contains("warning O-CONFLICT", "whitened ones are not used");
        assertThat(run("adapter.cg={\"coordinates\":\"plain\",\"whitening_rank\":2}").err())
                .contains("warning O-CONFLICT", "whitening_rank");
    }

    /// The stable scale for every method; a product is taken off the base, where the adapter has
    /// twice the rank.
    @ParameterizedTest
    @CsvSource({
        "lora, 2",
        "rslora, 2",
        "eva, 2",
        "pissa, 4",
        "olora, 4",
        "lora-ga, 4",
        "lora-one, 4",
        "cg-lora, 4"
    })
    void everyMethodTakesTheStableScale(String method, int rank) {
        Outcome outcome =
                run(
                        "adapter.method=" + method,
                        "adapter.scale=stable",
                        "adapter.cg.shift=" + method.equals("cg-lora"));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("verified");
        PeftAdapter adapter = PeftAdapter.read(folder.resolve("runs/latest/adapter"));
        assertThat(adapter.layers().values()).allSatisfy(l -> assertThat(l.r()).isEqualTo(rank));
    }

    @Test
    void theStableScaleOfAStepNeedsShift() {
        Outcome outcome = run("adapter.scale=stable");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("error O-CONFLICT", "shift");
    }
}
