package cglora.kernels.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.reduction.ReductionKernels;
import org.junit.jupiter.api.Test;

class LaunchTest {
    private final Buffer x = Buffer.scratch("x", DataType.FLOAT32, 8);
    private final Buffer ids = Buffer.scratch("ids", DataType.INT32, 8);

    @Test
    void sortsItsArguments() {
        var launch =
                Launch.of(
                        AttentionKernels.ATTENTION_FORWARD,
                        8,
                        x,
                        x,
                        x,
                        ids,
                        x,
                        x,
                        2,
                        4,
                        1,
                        2,
                        4,
                        0,
                        1,
                        3,
                        0,
                        0.5f);
        assertThat(launch.packed()).containsExactly(2, 4, 1, 2, 4, 0, 1, 3, 0);
        assertThat(launch.scalars()).containsExactly(0.5f);
        assertThat(launch.withGrain(4).grain()).isEqualTo(4);
        assertThat(launch.withGrain(4).withOperations(9).grain()).isEqualTo(4);
    }

    @Test
    void refusesTooFewArguments() {
        assertThatThrownBy(() -> Launch.of(ReductionKernels.ADD_INTO, 8, x, x))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "addInto takes 2 operands, 0 packed dimensions and 1 scalars; given 2, 0,"
                                + " 0");
    }

    @Test
    void refusesABufferOfAnotherType() {
        assertThatThrownBy(() -> Launch.of(ReductionKernels.COPY_INTO, 8, x, ids))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("copyInto: operand y given ids[8] of type INT32");
    }

    @Test
    void refusesAScalarOfAnotherType() {
        assertThatThrownBy(() -> Launch.of(ReductionKernels.ADD_INTO, 8, x, x, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("addInto: scalar 0 is 1, expected Float");
    }

    @Test
    void refusesANegativeRange() {
        assertThatThrownBy(() -> Launch.of(ReductionKernels.COPY_INTO, -1, x, x))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Launch.of(ReductionKernels.COPY_INTO, 1, x, x).withGrain(0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
