package cglora.kernels.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.storage.Bfloat16Kernels;
import cglora.kernels.storage.Bfloat16ThinKernels;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Programs over weights that are kept as bfloat16.
class WideningTest {
    private static final int ROWS = 5;
    private static final int OUT = 7;
    private static final int IN = 9;

    private final Layout layout = new Layout();

    private Buffer weight(String name, int elements) {
        return layout.allocate(Region.WEIGHTS, name, elements, DataType.BFLOAT16);
    }

    private static Buffer scratch(String name, int elements) {
        return Buffer.scratch(name, DataType.FLOAT32, elements);
    }

    private static Launch product(Buffer x, Buffer w, Buffer y) {
        return Launch.of(MatmulKernels.MATMUL_NT, ROWS, x, w, y, OUT, IN, 1f, 0);
    }

    private static float[] drawn(int length, int seed) {
        var random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @Test
    void twoNumbersTakeAWord() {
        weight("even", 64);
        weight("odd", 63);
        layout.allocate(Region.WEIGHTS, "bias", 10);
        assertThat(layout.arenas(Region.WEIGHTS))
                .extracting(Arena::type)
                .containsExactly(DataType.BFLOAT16, DataType.FLOAT32);
        assertThat(layout.bytes()).isEqualTo(4 * (32 + 32 + 10));
    }

    @Test
    void anEngineRoundsWhatItIsGiven() {
        Buffer odd = weight("odd", 101);
        Buffer next = weight("next", 3);
        try (var engine = new JvmEngine(1)) {
            engine.allocate(layout);
            float[] values = drawn(101, 1);
            engine.write(odd, values);
            engine.write(next, new float[] {1, -2, 0.5f});
            float[] read = engine.read(odd);
            for (int i = 0; i < values.length; i++) {
                assertThat(read[i]).isEqualTo(Bfloat16.value(Bfloat16.bits(values[i])));
                assertThat(Math.abs((double) read[i] - values[i]))
                        .isLessThanOrEqualTo(Bfloat16.ROUNDING * Math.abs(values[i]));
            }
            assertThat(engine.read(next)).containsExactly(1, -2, 0.5f);
        }
    }

    /// Of two matrices one is wide at a time, and the products are those of the rounded weights.
    @Test
    void aMatrixIsWidenedForTheLaunchThatReadsIt() {
        Buffer first = weight("first", OUT * IN);
        Buffer second = weight("second", OUT * IN);
        Buffer x = scratch("x", ROWS * IN);
        Buffer y = scratch("y", ROWS * OUT);
        Buffer z = scratch("z", ROWS * OUT);
        Program program =
                Planner.plan(
                        "widened",
                        List.of(product(x, first, y), product(x, second, z)),
                        Set.of(x),
                        Set.of(y, z));
        assertThat(program.launches())
                .extracting(Launch::kernel)
                .containsExactly(
                        Bfloat16Kernels.WIDEN_BFLOAT16,
                        MatmulKernels.MATMUL_NT,
                        Bfloat16Kernels.WIDEN_BFLOAT16,
                        MatmulKernels.MATMUL_NT);
        assertThat(program.place(program.launches().get(0).buffers().get(1)).offset())
                .isEqualTo(program.place(program.launches().get(2).buffers().get(1)).offset());
        float[] weights = drawn(OUT * IN, 2);
        float[] input = drawn(ROWS * IN, 3);
        try (var engine = new JvmEngine(2)) {
            engine.allocate(layout);
            engine.write(first, weights);
            LoadedProgram loaded = engine.load(program);
            loaded.write(x, input);
            loaded.run();
            float[] actual = loaded.read(y);
            for (int i = 0; i < ROWS * OUT; i++) {
                double exact = 0;
                double terms = 0;
                for (int p = 0; p < IN; p++) {
                    double term = (double) input[i / OUT * IN + p] * weights[i % OUT * IN + p];
                    exact += term;
                    terms += Math.abs(term);
                }
                // a weight is off by half a unit in its 8 places, the product by its roundings
                assertThat(Math.abs(actual[i] - exact))
                        .isLessThanOrEqualTo((Bfloat16.ROUNDING + (IN + 2) * 0x1p-24) * terms);
            }
            assertThat(loaded.read(z)).containsOnly(0f);
        }
    }

    @Test
    void ofATableOnlyRowsAreWidened() {
        Buffer table = weight("table", 4 * IN);
        Buffer ids = Buffer.scratch("ids", DataType.INT32, 3);
        Buffer y = scratch("y", 3 * IN);
        Launch rows = Launch.of(EmbeddingKernels.EMBEDDING_ROWS, 3, ids, table, y, IN);
        Program program = Planner.plan("rows", List.of(rows), Set.of(ids), Set.of(y));
        assertThat(program.launches())
                .extracting(Launch::kernel)
                .containsExactly(Bfloat16Kernels.BFLOAT16_EMBEDDING_ROWS);
    }

    /// An odd number of rows does not come in pairs of words: such a matrix is widened.
    @Test
    void productsOfFewRowsReadAMatrixAsItIsKept() {
        Buffer x = scratch("x", ROWS * IN);
        Buffer even = scratch("even", ROWS * 8);
        Buffer odd = scratch("odd", ROWS * OUT);
        Program program =
                Planner.plan(
                        "thin",
                        List.of(
                                thin(x, weight("even", 8 * IN), even, 8),
                                thin(x, weight("odd", OUT * IN), odd, OUT)),
                        Set.of(x),
                        Set.of(even, odd));
        assertThat(program.launches())
                .extracting(Launch::kernel)
                .containsExactly(
                        Bfloat16ThinKernels.BFLOAT16_THIN_NT,
                        Bfloat16Kernels.WIDEN_BFLOAT16,
                        ThinKernels.THIN_NT);
        assertThat(program.launches().getFirst().count()).isEqualTo(4);
    }

    private static Launch thin(Buffer x, Buffer w, Buffer y, int out) {
        return Launch.of(ThinKernels.THIN_NT, out, x, w, y, ROWS, out, IN, 1f, 0);
    }

    @Test
    void nothingWritesThem() {
        Buffer weight = weight("weight", 8);
        Buffer x = scratch("x", 8);
        Launch launch = Launch.of(ReductionKernels.ADD_INTO, 8, x, weight, 1f);
        assertThatThrownBy(() -> Planner.plan("writes", List.of(launch), Set.of(x), Set.of()))
                .hasMessageContaining("addInto writes weight[8], which is kept as bfloat16");
        assertThatThrownBy(() -> weight.view("part", 0, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
