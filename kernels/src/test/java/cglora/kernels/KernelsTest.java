package cglora.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.testing.KernelRun;
import cglora.kernels.testing.KernelSample;
import cglora.kernels.testing.KernelSamples;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KernelsTest {
    static Stream<KernelSample> samples() {
        return KernelSamples.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void matchesFloat64(KernelSample sample) {
        KernelRun.checkAll(sample, sample.kernel().handle());
    }

    @Test
    void everyKernelHasSamples() {
        List<Kernel> kernels = KernelSamples.kernels();
        assertThat(KernelSamples.families()).hasSizeGreaterThanOrEqualTo(10);
        assertThat(kernels).hasSizeGreaterThanOrEqualTo(40);
        assertThat(kernels)
                .as("kernels without a sample in cglora.kernels.testing")
                .allSatisfy(kernel -> assertThat(KernelSamples.of(kernel)).isNotEmpty());
    }

    @Test
    void namesOfKernelsAreUnique() {
        assertThat(KernelSamples.kernels().stream().map(Kernel::name)).doesNotHaveDuplicates();
    }
}
