package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Fifty training steps of MiniLM on WordNet's definitions, on a device and on the JVM engine: the
/// whole pipeline, with the curvature and the start of CG-LoRA.
@TornadoTest
class TornadoRunTest {
    private static final int STEPS = 50;
    private static final int TEST_EXAMPLES = 96;

    /// Of the loss at each step, absolute. Roundings of float32 differ between the engines, and
    /// training carries them on.
    private static final double LOSS_TOLERANCE = 1e-4;

    private static final List<String> SMALL =
            List.of(
                    "--set", "data.train_examples=400",
                    "--set", "data.validation_examples=8",
                    "--set", "data.test_examples=" + TEST_EXAMPLES,
                    "--set", "data.max_length=16",
                    "--set", "adapter.head_warmup={\"examples\":208}",
                    "--set", "adapter.target_modules=[\"query\",\"value\"]",
                    "--set", "train.max_steps=" + STEPS,
                    "--set", "train.per_device_batch_size=8",
                    "--set", "train.logging_steps=1",
                    "--set", "train.eval_steps=null");
    private static final List<String> CALIBRATED =
            List.of("--set", "calibrate.samples=64", "--set", "calibrate.step_samples=32");

    @TempDir Path folder;

    /// What a run left behind.
    ///
    /// @param losses   of the steps
    /// @param started  metrics before the first step: behind the initialisation
    /// @param finished metrics of the end
    private record Run(List<Double> losses, JsonNode started, JsonNode finished) {}

    /// Rates low enough for eight examples a step: a training that diverges makes much of little.
    static Stream<Arguments> runs() {
        return TestDevices.all().stream()
                .flatMap(
                        device ->
                                Stream.of(
                                        Arguments.of("quickstart-lora.json", "3e-4", device),
                                        Arguments.of("quickstart.json", "6e-4", device)));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void fiftyStepsEqualThoseOfTheJvm(String example, String rate, DeviceInfo device)
            throws IOException {
        String id = device.id().toString();
        Run expected = run(example, rate, "--engine", "jvm");
        Run actual = run(example, rate, "--engine", "tornado", "--device", id);
        assertThat(expected.losses()).hasSize(STEPS);
        assertThat(actual.losses()).hasSize(STEPS);
        for (int i = 0; i < STEPS; i++) {
            assertThat(actual.losses().get(i))
                    .as("loss of step %d of %s, jvm %s", i + 1, actual, expected)
                    .isCloseTo(expected.losses().get(i), within(LOSS_TOLERANCE));
        }
        assertClose(actual.started(), expected.started());
        assertClose(actual.finished(), expected.finished());
        assertThat(expected.finished().get("loss").asDouble())
                .as("training lowers the loss")
                .isLessThan(expected.started().get("loss").asDouble());
    }

    /// The same loss, and the same predictions.
    private static void assertClose(JsonNode actual, JsonNode expected) {
        assertThat(actual.get("loss").asDouble())
                .isCloseTo(expected.get("loss").asDouble(), within(LOSS_TOLERANCE));
        assertThat(actual.get("accuracy").asDouble())
                .isEqualTo(expected.get("accuracy").asDouble());
    }

    private Run run(String example, String rate, String... engine) throws IOException {
        Path runs = folder.resolve(engine[1]);
        Path file =
                Path.of(System.getProperty("cglora.root")).resolve("pipeline/examples/" + example);
        var arguments = new ArrayList<String>(List.of("run", file.toString()));
        arguments.addAll(SMALL);
        if (!example.contains("-lora")) {
            arguments.addAll(CALIBRATED);
        }
        arguments.addAll(List.of("--set", "train.learning_rate=" + rate));
        arguments.addAll(List.of("--set", "output_dir=" + runs));
        arguments.addAll(List.of(engine));
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments.toArray(String[]::new),
                        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(status).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return read(runs.resolve("latest"));
    }

    private static Run read(Path run) throws IOException {
        var losses = new ArrayList<Double>();
        var states = new ArrayList<JsonNode>();
        for (String line : Files.readAllLines(run.resolve("events.jsonl"))) {
            JsonNode event = JsonMapper.shared().readTree(line);
            switch (event.get("event").asString()) {
                case "step" -> losses.add(event.get("loss").asDouble());
                case "eval" -> states.add(event);
                default -> {}
            }
        }
        return new Run(losses, states.get(states.size() - 2), states.getLast());
    }
}
