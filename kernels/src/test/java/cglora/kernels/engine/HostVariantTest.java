package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSamples;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.testing.KernelRun;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostVariantTest {
    static Stream<Arguments> samples() {
        return HostVariant.all().stream()
                .flatMap(
                        variant ->
                                KernelSamples.of(variant.kernel()).stream()
                                        .map(sample -> Arguments.of(sample, variant)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void matchesFloat64(KernelSample sample, HostVariant variant) {
        KernelRun.checkAll(sample, variant.handle());
    }

    @Test
    void aKernelHasOneVariantAtMost() {
        assertThat(HostVariant.all().stream().map(HostVariant::kernel)).doesNotHaveDuplicates();
    }

    @Test
    void refusesAClassWithoutTheMethod() {
        assertThatThrownBy(() -> HostVariant.of(MatmulKernels.MATMUL_NN, ColumnVariants.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ColumnVariants has no matmulNN");
    }

    @Test
    void refusesAMethodWithOtherArguments() {
        assertThatThrownBy(() -> HostVariant.of(ReductionKernels.COLUMN_SUM, OtherArguments.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("columnSum: the variant takes (int,int)void");
    }

    @Test
    void attentionRefusesARangeThatCutsAHead() {
        KernelSample sample =
                KernelSamples.of(AttentionKernels.ATTENTION_FORWARD).stream()
                        .filter(s -> s.grain() > 1)
                        .findFirst()
                        .orElseThrow();
        HostVariant variant =
                HostVariant.of(AttentionKernels.ATTENTION_FORWARD, AttentionVariants.class);
        var run = new KernelRun(sample, KernelRun.Placement.APART);
        assertThatThrownBy(() -> run.run(variant.handle(), 0, sample.grain() - 1))
                .hasMessageContaining("cuts a head of " + sample.grain() + " rows");
    }

    /// A method that has a kernel's name and nothing else.
    static final class OtherArguments {
        private OtherArguments() {}

        static void columnSum(int first, int count) {}
    }
}
