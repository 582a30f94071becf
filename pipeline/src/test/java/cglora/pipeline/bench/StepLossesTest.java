package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.models.block.LoraLayer;
import cglora.models.training.TrainingStep;
import cglora.pipeline.device.EngineChoice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StepLossesTest {
    private static String wrong(List<Double> expected, double... losses) {
        var all = new StepLosses();
        for (double loss : losses) {
            all.add(loss);
        }
        return all.wrong(expected);
    }

    @Test
    void lossesAreFiniteFallingAndTheJvmEngines() {
        assertThat(wrong(List.of(), 0.7, 0.6, 0.5)).isEmpty();
        assertThat(wrong(List.of(), 0.7, Double.NaN, 0.5)).isEqualTo("the loss of step 2 is NaN");
        assertThat(wrong(List.of(), 0.7, 0.6, 0.7)).startsWith("the loss does not fall: 0.7 at");
        assertThat(wrong(List.of(0.7, 0.601), 0.7, 0.6, 0.5)).isEmpty();
        assertThat(wrong(List.of(0.7, 0.65), 0.7, 0.6, 0.5))
                .isEqualTo("the loss of step 2 is 0.6, on the JVM engine 0.65");
        assertThat(wrong(List.of(7.0), 7.01, 6.0)).isEmpty();
    }

    /// What two engines of the same kind give is the same, so that a device can be held to it.
    @Test
    void aStepOfTheJvmEngineHasTheExpectedLosses() {
        var out = new ByteArrayOutputStream();
        List<Result> results =
                new StepBenchmark(
                                new EngineChoice.Jvm(1, ""),
                                StepModel.MINILM,
                                1,
                                new PrintStream(out, true, StandardCharsets.UTF_8))
                        .run();
        assertThat(results).noneMatch(Result::hasFailed).hasSizeGreaterThan(4);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .containsPattern("losses +0\\.\\d+ falls to 0\\.\\d+ in \\d+ steps");
        List<Double> expected = StepLosses.expected(StepModel.MINILM);
        assertThat(expected).hasSize(3);
        assertThat(wrong(expected, expected.get(0), expected.get(1), expected.get(2))).isEmpty();
    }

    /// Behind the first step `B` is no longer zero, behind the second `A` has moved.
    @Test
    void stepsReachTheFactorsOfEveryLayer() {
        StepModel model = StepModel.MINILM;
        try (var checkpoint = model.checkpoint();
                var engine = new JvmEngine(1);
                var session = model.session(engine, checkpoint)) {
            var before = new HashMap<String, float[]>();
            for (LoraLayer layer : session.adapters().values()) {
                before.put(layer.loraA(), session.read(layer.loraA()));
                before.put(layer.loraB(), session.read(layer.loraB()));
            }
            var step = new TrainingStep(session);
            var batch = StepModel.batch(checkpoint);
            step.run(batch);
            step.run(batch);
            assertThat(before).hasSize(72);
            before.forEach(
                    (name, values) -> assertThat(session.read(name)).as(name).isNotEqualTo(values));
        }
    }

    @Test
    void aWholeProgramIsNotTimedWhereAKernelIsWrong() {
        List<Result> timed = List.of(Records.result(Suite.STEP, "s", Unit.TOKENS_PER_SECOND, 1.0));
        assertThat(DeviceBenchmark.whenRight(Suite.STEP, "s", Map.of(), () -> timed))
                .isEqualTo(timed);
        List<Result> refused =
                DeviceBenchmark.whenRight(
                        Suite.STEP,
                        "s",
                        Map.of("softmax", "element 3 is 1"),
                        () -> {
                            throw new AssertionError("it was run");
                        });
        assertThat(refused).singleElement().matches(Result::hasFailed);
        assertThat(refused.getFirst().failure()).contains("not timed", "softmax");
    }
}
