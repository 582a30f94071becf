package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import java.io.IOException;
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

/// Tiny models that write, through a whole pipeline and `predict`, on a device and on the JVM
/// engine; one of them over matrices of bfloat16.
@TornadoTest
class TornadoWritingTest {
    /// Of the loss of a token, relative.
    private static final double TOLERANCE = 1e-4;

    private static final List<String> SMALL =
            List.of(
                    "adapter.method=lora",
                    "adapter.r=2",
                    "train.max_steps=2",
                    "train.eval_steps=null",
                    "train.load_best=null",
                    "train.save_steps=null");

    private static final String DRAWN = "--temperature 0.9 --top-k 9 --top-p 0.9 --seed 3";

    @TempDir Path folder;

    static Stream<Arguments> models() {
        return TestDevices.all().stream()
                .flatMap(
                        device ->
                                Stream.of(
                                        Arguments.of("t5-v1_1", "float32", device),
                                        Arguments.of("qwen3", "bfloat16", device)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void metricsAndAnswersEqualTheJvms(String family, String dtype, DeviceInfo device)
            throws IOException {
        Path pipeline = WritingMethodsTest.write(folder, family);
        List<String> onJvm = List.of("--engine", "jvm");
        List<String> onDevice = List.of("--engine", "tornado", "--device", device.id().toString());
        JsonNode expected = run(pipeline, dtype, onJvm);
        JsonNode actual = run(pipeline, dtype, onDevice);
        double loss = expected.get("loss").asDouble();
        assertThat(actual.get("loss").asDouble()).isCloseTo(loss, within(TOLERANCE * loss));
        for (String metric : List.of("exact_match", "token_accuracy")) {
            assertThat(actual.get(metric)).as(metric).isEqualTo(expected.get(metric));
        }
        Path rows = Files.writeString(folder.resolve("rows.txt"), "");
        Files.writeString(rows, "text\na very good film\nthe bad book\nold\n");
        Path adapter = folder.resolve("runs/latest/adapter");
        for (String options : List.of("", family.startsWith("t5") ? "--beams 3" : DRAWN)) {
            assertThat(answers(adapter, rows, onDevice, options))
                    .hasSize(3)
                    .isEqualTo(answers(adapter, rows, onJvm, options));
        }
    }

    /// The same tokens are compared; their logits come down alone.
    @ParameterizedTest
    @MethodSource("cglora.kernels.testing.TestDevices#all")
    void alignmentEqualsTheJvms(DeviceInfo device) throws IOException {
        Path pipeline = WritingMethodsTest.write(folder, "t5-v1_1");
        List<String> onJvm = List.of("--engine", "jvm");
        run(pipeline, "float32", onJvm);
        Path adapter = folder.resolve("runs/latest").toRealPath();
        TinyRuns.done(
                "run",
                pipeline,
                "--skip",
                "calibrate",
                "--set",
                "adapter.method=full",
                "--set",
                "train.max_steps=4",
                "--set",
                "output_dir=" + folder.resolve("full"));
        JsonNode expected = aligned(pipeline, adapter, onJvm);
        JsonNode actual =
                aligned(
                        pipeline,
                        adapter,
                        List.of("--engine", "tornado", "--device", device.id().toString()));
        for (String key : List.of("distance", "distance_h", "kl", "agreement")) {
            double number = expected.get(key).asDouble();
            assertThat(actual.get(key).asDouble()).as(key).isCloseTo(number, within(1e-3));
        }
    }

    private JsonNode aligned(Path pipeline, Path adapter, List<String> engine) {
        var arguments = new ArrayList<Object>(List.of("align", pipeline, "-o", "json"));
        arguments.addAll(List.of("--reference", folder.resolve("full/latest")));
        arguments.addAll(List.of("--adapter", adapter, "--tokens", 9));
        arguments.addAll(engine);
        return JsonMapper.shared()
                .readTree(TinyRuns.done(arguments.toArray()).out())
                .get("adapters")
                .get(0);
    }

    /// Metrics of the end.
    private JsonNode run(Path pipeline, String dtype, List<String> engine) throws IOException {
        var arguments = new ArrayList<Object>(List.of("run", pipeline));
        arguments.addAll(engine);
        arguments.addAll(List.of("--skip", "calibrate", "--set", "model.dtype=" + dtype));
        SMALL.forEach(setting -> arguments.addAll(List.of("--set", setting)));
        TinyRuns.done(arguments.toArray());
        JsonNode last = null;
        for (String line : Files.readAllLines(folder.resolve("runs/latest/events.jsonl"))) {
            JsonNode event = JsonMapper.shared().readTree(line);
            last = event.get("event").asString().equals("eval") ? event : last;
        }
        return last;
    }

    private static List<String> answers(
            Path adapter, Path rows, List<String> engine, String options) {
        var arguments = new ArrayList<Object>(List.of("predict", adapter, "--data", rows));
        arguments.addAll(engine);
        arguments.addAll(options.isEmpty() ? List.of() : List.of(options.split(" ")));
        return TinyRuns.done(arguments.toArray()).out().lines().toList();
    }
}
