package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.Support;
import cglora.kernels.error.Problems;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `model.dtype` through whole runs.
class Bfloat16RunTest {
    private static final String HALF = "model.dtype=bfloat16";

    private static final DeviceInfo DEVICE =
            new DeviceInfo(
                    DeviceId.parse("opencl:0:0"),
                    0,
                    0,
                    DeviceKind.GPU,
                    "G",
                    "P",
                    "",
                    "",
                    "",
                    1 << 30,
                    1 << 28,
                    1 << 16,
                    256,
                    List.of(256L, 256L, 64L),
                    8,
                    Support.UNKNOWN,
                    Support.UNKNOWN);

    @TempDir Path folder;

    @Test
    void anAdapterIsInitialisedTrainedAndVerified() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        assertThat(runs.run("--set", HALF).succeeds().err())
                .contains("verified: reloaded on the original base");
        assertThat(TinyRuns.done("replay", runs.latest()).out()).contains("the bits agree");
    }

    /// The matrices are rounded, so the probabilities are others, by little.
    @Test
    void answersComeFromHalfTheMemory() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        runs.run().succeeds();
        JsonNode whole = answer(runs.latest(), "float32");
        JsonNode half = answer(runs.latest(), "bfloat16");
        double moved = Math.abs(whole.path("no").asDouble() - half.path("no").asDouble());
        assertThat(moved).isPositive().isLessThan(0.02);
        TinyRuns.Outcome refused =
                TinyRuns.execute(
                        "predict", runs.latest().toString(), "--text", "a", "--dtype", "int8");
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("--dtype", "no type 'int8'", "float32 or bfloat16");
    }

    private static JsonNode answer(Path run, String dtype) {
        String said =
                TinyRuns.done(
                                "predict",
                                run,
                                "--json",
                                "--text",
                                "a very good film",
                                "--dtype",
                                dtype)
                        .out();
        return JsonMapper.shared().readTree(said).path("probabilities");
    }

    @Test
    void aDeviceIsPlannedToKeepHalf() throws IOException {
        TinyRuns.in(folder);
        double half = weights("bfloat16");
        assertThat(half / weights("float32")).isBetween(0.5, 0.65);
    }

    /// Bytes of the weights on a device.
    private double weights(String dtype) throws IOException {
        Path file = folder.resolve(dtype + ".json");
        Files.writeString(
                file,
                TinyRuns.CG_LORA.replace(
                        "\"path\": \"model\"",
                        "\"path\": \"model\", \"dtype\": \"" + dtype + "\""));
        try (Inputs inputs =
                InputCheck.read(
                        PipelineReader.read(file, Overrides.none()).spec(), new Problems())) {
            var device = new EngineChoice.Tornado(DEVICE, null, "asked for");
            return RunMemory.of(inputs, device).getFirst().items().stream()
                    .filter(item -> item.what().equals("weights"))
                    .mapToLong(MemoryPlan.Item::bytes)
                    .sum();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "full    | false | the model's own weights are trained",
                "pissa   | false | adapter.method pissa takes its start off them",
                "cg-lora | true  | adapter.method cg-lora takes its start off them"
            })
    void whatChangesTheWeightsIsRefused(String method, boolean shift, String what)
            throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        TinyRuns.Outcome outcome =
                runs.run(
                        "--set", HALF,
                        "--set", "adapter.method=" + method,
                        "--set", "adapter.cg.shift=" + shift);
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("O-CONFLICT", "model.dtype", what);
    }
}
