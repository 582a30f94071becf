package cglora.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSamples;
import cglora.kernels.testing.KernelFamilies;
import cglora.kernels.testing.KernelRun;
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
        List<Kernel> kernels = KernelFamilies.kernels();
        assertThat(KernelFamilies.families()).hasSizeGreaterThanOrEqualTo(10);
        assertThat(kernels).hasSizeGreaterThanOrEqualTo(40);
        assertThat(kernels)
                .as("kernels without a sample in cglora.kernels.check")
                .allSatisfy(kernel -> assertThat(KernelSamples.of(kernel)).isNotEmpty());
    }

    @Test
    void namesOfKernelsAreUnique() {
        assertThat(KernelFamilies.kernels().stream().map(Kernel::name)).doesNotHaveDuplicates();
    }
}
