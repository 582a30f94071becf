package cglora.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import org.junit.jupiter.api.Test;

class LaunchTimingTest {
    private static Buffer floats(int length) {
        return Buffer.scratch("floats", DataType.FLOAT32, length);
    }

    private static Launch embedding() {
        Buffer ids = Buffer.scratch("ids", DataType.INT32, 3);
        return Launch.of(
                EmbeddingKernels.EMBEDDING_GRADIENT, 4, ids, floats(12), floats(8), 3, 2, 4);
    }

    private static Engine jvm() {
        return new JvmEngine(1);
    }

    @Test
    void aLaunchThatIsRightHasASampleForEachRepetition() {
        for (Launch launch : new Launch[] {Bandwidth.copy(100), Bandwidth.add(100)}) {
            var timing = LaunchTiming.of(LaunchTimingTest::jvm, launch, (_, _) -> 0, 3);
            assertThat(timing.failure()).isEmpty();
            assertThat(timing.seconds()).hasSize(3);
        }
    }

    @Test
    void aLaunchThatIsWrongHasNone() {
        var timing = LaunchTiming.of(NullEngine::new, Bandwidth.copy(100), (_, _) -> 0, 3);
        assertThat(timing.seconds()).isEmpty();
        assertThat(timing.failure()).startsWith("y of copyInto").contains("element 0 is 0.0");
    }

    @Test
    void anEngineThatFailsHasNone() {
        var timing =
                LaunchTiming.of(
                        () -> {
                            throw new IllegalStateException("no device");
                        },
                        Bandwidth.copy(100),
                        (_, _) -> 0,
                        3);
        assertThat(timing.seconds()).isEmpty();
        assertThat(timing.failure()).contains("did not run", "no device");
    }

    @Test
    void resultsMayDifferByAPartOfTheLargest() {
        float[] expected = {1000f, 0f};
        assertThat(LaunchTiming.difference(new float[] {1000f, 0.9f}, expected)).isEmpty();
        assertThat(LaunchTiming.difference(new float[] {1000f, 1.1f}, expected))
                .isEqualTo("element 1 is 1.1, expected 0.0");
        assertThat(LaunchTiming.difference(new float[] {Float.NaN, 0f}, expected)).isNotEmpty();
    }

    @Test
    void bytesAreThoseOfTheOperands() {
        assertThat(LaunchTiming.bytes(Bandwidth.copy(10))).isEqualTo(80);
        assertThat(LaunchTiming.bytes(Bandwidth.add(10))).isEqualTo(120);
        assertThat(LaunchTiming.bytes(embedding())).isEqualTo(4 * (3 + 12 + 2 * 8));
    }

    @Test
    void ofATableAsManyRowsAreReadAsThereAreIndices() {
        Buffer words = Buffer.scratch("words", DataType.INT32, 3);
        Launch sum =
                Launch.of(
                        EmbeddingKernels.EMBEDDING_SUM,
                        3,
                        words,
                        words,
                        words,
                        floats(4000),
                        floats(512),
                        floats(8),
                        floats(12),
                        4);
        assertThat(LaunchTiming.bytes(sum)).isEqualTo(4 * (3 * 3 + 12 + 12 + 8 + 12));
    }
}
