package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.Norms;
import cglora.models.linalg.Matrix;
import cglora.models.training.CgLoraStart.Arithmetic;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole starts whose whitening is an engine's products against those of the host's float64.
class EngineStartTest {
    /// ‖difference‖/‖·‖ of a layer's change, and of a root. The small model's gradients have gaps.
    static final double TOLERANCE = 2e-3;

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void equalsTheHosts(boolean whitened) throws IOException {
        assertEqual(
                EngineStarts.start(new JvmEngine(1), folder, Arithmetic.ENGINE, whitened),
                EngineStarts.start(new JvmEngine(1), folder, Arithmetic.HOST, whitened));
    }

    static void assertEqual(EngineStarts.Started actual, EngineStarts.Started expected) {
        assertThat(expected.report().arithmetic()).isEqualTo("host");
        assertThat(actual.report().arithmetic()).isEqualTo("engine");
        assertThat(actual.report().left()).isEmpty();
        assertThat(actual.report().layers()).isEqualTo(expected.changes().size());
        assertThat(actual.warnings().warnings()).isEqualTo(expected.warnings().warnings());
        // queries, keys and values of a layer share their input
        assertThat(actual.report().roots()).isEqualTo(2 * expected.changes().size() - 2 * 2);
        assertThat(actual.changes()).containsOnlyKeys(expected.changes().keySet());
        expected.changes()
                .forEach(
                        (name, change) -> {
                            Matrix difference = actual.changes().get(name).minus(change);
                            assertThat(difference.frobenius() / change.frobenius())
                                    .as(name)
                                    .isLessThan(TOLERANCE);
                        });
        expected.roots()
                .forEach(
                        (name, root) ->
                                assertThat(Norms.difference(actual.roots().get(name), root))
                                        .as(name)
                                        .isLessThan(TOLERANCE));
    }
}
