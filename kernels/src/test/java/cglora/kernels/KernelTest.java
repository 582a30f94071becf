package cglora.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.Kernel.Role;
import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.matmul.MatmulKernels;
import org.junit.jupiter.api.Test;

class KernelTest {
    @Test
    void readsItsOutlineFromTheMethod() {
        Kernel kernel = MatmulKernels.MATMUL_TN;
        assertThat(kernel.name()).isEqualTo("matmulTN").isEqualTo(kernel.toString());
        assertThat(kernel.family()).isEqualTo("matmul");
        assertThat(kernel.operands())
                .containsExactly(
                        new Kernel.Operand("a", float[].class, Role.READ),
                        new Kernel.Operand("b", float[].class, Role.READ),
                        new Kernel.Operand("c", float[].class, Role.UPDATE));
        assertThat(kernel.scalars())
                .containsExactly(int.class, int.class, int.class, float.class, int.class);
    }

    @Test
    void knowsOperandsOfIntegersAndPackedDimensions() {
        Kernel kernel = AttentionKernels.ATTENTION_FORWARD;
        assertThat(kernel.operands().get(3).isInt()).isTrue();
        assertThat(kernel.operands().get(2).isInt()).isFalse();
        assertThat(kernel.packed())
                .containsExactly(
                        "heads",
                        "width",
                        "headSize",
                        "keyHeads",
                        "keyWidth",
                        "queries",
                        "causal",
                        "window",
                        "packed");
    }

    @Test
    void refusesAnOperandWithoutRole() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "twoOperands").reads("x").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("kernel twoOperands: operand y has no role");
    }

    @Test
    void refusesARoleWithoutOperand() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "twoOperands").reads("x", "y", "z").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("kernel twoOperands: roles [x, y, z] do not match its operands");
    }

    @Test
    void refusesTwoRolesOfOneOperand() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "twoOperands").reads("x").writes("x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("kernel twoOperands: operand x has two roles");
    }

    @Test
    void refusesAMethodWithoutRange() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "withoutRange").reads("x").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must take (first, count, operands …, at, o, scalars …)");
    }

    @Test
    void refusesOperandsAndScalarsOfOtherTypes() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "bytes").reads("x").build())
                .hasMessage("kernel bytes: operand x is a byte[]");
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "longScalar").reads("x").build())
                .hasMessage("kernel longScalar: scalar n is a long");
    }

    @Test
    void refusesMoreArgumentsThanCanBeLaunched() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "sixteen").reads("x").build())
                .hasMessage("kernel sixteen has 16 arguments, at most 15 can be launched");
    }

    @Test
    void refusesANameThatIsNotThereOrTwice() {
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "absent"))
                .hasMessage("Wrong has 0 public methods named absent, expected 1");
        assertThatThrownBy(() -> Kernel.of(Wrong.class, "overloaded"))
                .hasMessage("Wrong has 2 public methods named overloaded, expected 1");
    }

    /// Methods that are not kernels.
    public static final class Wrong {
        private Wrong() {}

        public static void twoOperands(
                int first, int count, float[] x, float[] y, int[] at, int o) {}

        public static void withoutRange(float[] x, int[] at, int o) {}

        public static void bytes(int first, int count, byte[] x, int[] at, int o) {}

        public static void longScalar(int first, int count, float[] x, int[] at, int o, long n) {}

        public static void overloaded(int first, int count, float[] x, int[] at, int o) {}

        public static void overloaded(int first, int count, int[] x, int[] at, int o) {}

        public static void sixteen(
                int first,
                int count,
                float[] x,
                int[] at,
                int o,
                int a,
                int b,
                int c,
                int d,
                int e,
                int f,
                int g,
                int h,
                int i,
                int j,
                int k) {}
    }
}
