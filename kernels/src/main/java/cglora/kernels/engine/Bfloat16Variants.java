package cglora.kernels.engine;

import static cglora.kernels.engine.VectorVariants.FLOATS;
import static cglora.kernels.engine.VectorVariants.LANES;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Weights that are kept as bfloat16, widened by shifting bits.
final class Bfloat16Variants {
    private static final VectorSpecies<Integer> INTS =
            VectorSpecies.of(int.class, FLOATS.vectorShape());

    private Bfloat16Variants() {}

    static void widenBfloat16(
            int first, int count, int[] packed, float[] y, int[] at, int o, int length, int pairs) {
        int from = at[o] + first;
        int lower = at[o + 1] + first;
        int uppers = Math.min(count, length - pairs - first);
        for (int w = 0; w < count; w += LANES) {
            var inRange = INTS.indexInRange(w, count);
            IntVector words = IntVector.fromArray(INTS, packed, from + w, inRange);
            words.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(y, lower + w, FLOATS.indexInRange(w, count));
            words.lanewise(VectorOperators.AND, 0xFFFF0000)
                    .reinterpretAsFloats()
                    .intoArray(y, lower + pairs + w, FLOATS.indexInRange(w, uppers));
        }
    }
}
