package cglora.kernels.testing;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.Kernel;
import cglora.kernels.Kernel.Role;
import cglora.kernels.check.KernelSample;
import cglora.kernels.check.KernelSample.Expected;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// A sample's operands inside larger arrays, and calls of a kernel's method on them. Around the
/// operands is NaN, or an integer that no index may have: what reads beyond an operand shows.
public final class KernelRun {
    /// Where the operands are.
    public enum Placement {
        /// Each in an array of its own.
        APART,
        /// All float operands in one array, as an engine's arena holds them.
        ARENA
    }

    private static final int MARGIN = 19;
    private static final int POISON = Integer.MIN_VALUE / 2;

    private final KernelSample sample;
    private final Object[] arrays;
    private final Object[] before;
    private final int[] at;
    private final int offsets;

    public KernelRun(KernelSample sample, Placement placement) {
        this.sample = sample;
        var random = new Random(sample.seed());
        int operands = sample.operands().size();
        arrays = new Object[operands];
        offsets = 3;
        at = new int[offsets + operands + sample.packed().size()];
        Arrays.fill(at, POISON);
        int end = 0;
        for (int i = 0; i < operands; i++) {
            at[offsets + i] = end + 1 + random.nextInt(MARGIN);
            end = at[offsets + i] + length(i) + 1 + random.nextInt(MARGIN);
            if (placement == Placement.APART || sample.operands().get(i) instanceof int[]) {
                arrays[i] = poisoned(sample.operands().get(i), end);
                end = placement == Placement.APART ? 0 : end;
            }
        }
        float[] arena = (float[]) poisoned(new float[0], end);
        for (int i = 0; i < operands; i++) {
            arrays[i] = arrays[i] == null ? arena : arrays[i];
            boolean written = sample.kernel().operands().get(i).role() == Role.WRITE;
            if (!written) {
                System.arraycopy(
                        sample.operands().get(i), 0, arrays[i], at[offsets + i], length(i));
            }
        }
        for (int i = 0; i < sample.packed().size(); i++) {
            at[offsets + operands + i] = sample.packed().get(i);
        }
        before = Arrays.stream(arrays).map(KernelRun::copy).toArray();
    }

    private int length(int operand) {
        return length(sample.operands().get(operand));
    }

    private static int length(Object array) {
        return array instanceof float[] floats ? floats.length : ((int[]) array).length;
    }

    private static Object copy(Object array) {
        return array instanceof float[] floats ? floats.clone() : ((int[]) array).clone();
    }

    private static Object poisoned(Object like, int length) {
        if (like instanceof float[]) {
            float[] floats = new float[length];
            Arrays.fill(floats, Float.NaN);
            return floats;
        }
        int[] ints = new int[length];
        Arrays.fill(ints, POISON);
        return ints;
    }

    /// Calls the method for part of the range.
    public KernelRun run(MethodHandle method, int first, int count) {
        var arguments = new ArrayList<Object>();
        arguments.add(first);
        arguments.add(count);
        arguments.addAll(List.of(arrays));
        arguments.add(at);
        arguments.add(offsets);
        arguments.addAll(sample.scalars());
        try {
            method.invokeWithArguments(arguments);
        } catch (Throwable failure) {
            throw new AssertionError(
                    sample + " for " + first + " + " + count + ": " + failure, failure);
        }
        return this;
    }

    /// Elements of the arrays, counted through, that are no longer what they were.
    public Set<Integer> changed() {
        var changed = new HashSet<Integer>();
        int base = 0;
        for (int i = 0; i < arrays.length; i++) {
            Object array = arrays[i];
            boolean seen = Arrays.stream(arrays, 0, i).anyMatch(other -> other == array);
            for (int j = 0; j < length(array) && !seen; j++) {
                if (differs(i, j)) {
                    changed.add(base + j);
                }
            }
            base += length(array);
        }
        return changed;
    }

    private boolean differs(int operand, int index) {
        if (arrays[operand] instanceof float[] after) {
            float[] old = (float[]) before[operand];
            return Float.floatToRawIntBits(after[index]) != Float.floatToRawIntBits(old[index]);
        }
        return ((int[]) arrays[operand])[index] != ((int[]) before[operand])[index];
    }

    /// Compares all written operands with float64, and everything else with what it was.
    public void check(String how) {
        boolean[][] writable = new boolean[arrays.length][];
        for (int i = 0; i < arrays.length; i++) {
            writable[i] = new boolean[length(arrays[i])];
        }
        for (Expected expected : sample.expected()) {
            int operand = sample.indexOf(expected.operand());
            Assert.assertClose(
                    sample + ", " + how + ", " + expected.operand(),
                    sample.seed(),
                    (float[]) arrays[operand],
                    at[offsets + operand],
                    expected.values(),
                    expected.bounds());
            for (int i = 0; i < arrays.length; i++) {
                if (arrays[i] == arrays[operand]) {
                    int start = at[offsets + operand];
                    Arrays.fill(writable[i], start, start + length(operand), true);
                }
            }
        }
        for (int i = 0; i < arrays.length; i++) {
            for (int j = 0; j < writable[i].length; j++) {
                if (!writable[i][j] && differs(i, j)) {
                    throw new AssertionError(
                            "%s, %s: element %d of the array of %s, outside all outputs, has changed"
                                    .formatted(sample, how, j, operand(i).name()));
                }
            }
        }
    }

    private Kernel.Operand operand(int index) {
        return sample.kernel().operands().get(index);
    }

    /// Checks a method on the whole range, on halves, and that the halves share no element.
    public static void checkAll(KernelSample sample, MethodHandle method) {
        int count = sample.count();
        int half = count / sample.grain() / 2 * sample.grain();
        for (Placement placement : Placement.values()) {
            new KernelRun(sample, placement).run(method, 0, count).check("whole, " + placement);
            new KernelRun(sample, placement)
                    .run(method, 0, half)
                    .run(method, half, count - half)
                    .check("halves, " + placement);
        }
        var left = new KernelRun(sample, Placement.APART).run(method, 0, half).changed();
        var right =
                new KernelRun(sample, Placement.APART).run(method, half, count - half).changed();
        left.retainAll(right);
        assertThat(left).as("%s: elements that both halves write", sample).isEmpty();
    }
}
