package cglora.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.KernelFamilies;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelCheckTest {
    @Test
    void checksEveryKernelOnce() {
        assertThat(KernelCheck.samples().stream().map(KernelSample::kernel))
                .containsExactlyInAnyOrderElementsOf(KernelFamilies.kernels());
    }

    @Test
    void theEmbeddedEngineAgrees() {
        var seen = new ArrayList<KernelCheck>();
        assertThat(KernelCheck.all(() -> new JvmEngine(2), seen::add)).isEqualTo(seen);
        assertThat(seen).hasSameSizeAs(KernelCheck.samples()).allMatch(KernelCheck::agrees);
    }

    @Test
    void namesTheOperandThatIsOff() {
        KernelSample sample = KernelCheck.samples().getFirst();
        List<float[]> results =
                sample.expected().stream().map(e -> Float64.toFloat(e.values())).toList();
        assertThat(KernelCheck.compare(sample, results)).isEmpty();
        results.getFirst()[1] = Float.NaN;
        assertThat(KernelCheck.compare(sample, results))
                .contains(sample.expected().getFirst().operand(), "worst is [1]: NaN");
    }

    @Test
    void anEngineThatIsClosedFailsTheCheck() {
        var engine = new JvmEngine(2);
        engine.close();
        KernelCheck check = KernelCheck.of(() -> engine, KernelCheck.samples().getFirst());
        assertThat(check.agrees()).isFalse();
        assertThat(check.failure()).startsWith("did not run: ");
    }
}
