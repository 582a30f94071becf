package cglora.kernels.check;

import cglora.kernels.Kernel;
import cglora.kernels.check.KernelSample.Expected;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Makes one sample: operands in the kernel's order, drawn from a seed that the name gives.
final class SampleBuilder {
    /// What the operands hold.
    enum Values {
        NORMAL,
        ZEROS,
        /// Of all sizes from 1e-4 to 1e4.
        WIDE
    }

    private final Kernel kernel;
    private final String name;
    private final Values values;
    private final long seed;
    private final Random random;
    private final List<Object> operands = new ArrayList<>();
    private final List<Expected> expected = new ArrayList<>();
    private List<Integer> packed = List.of();
    private List<Object> scalars = List.of();

    SampleBuilder(Kernel kernel, String name, Values values) {
        this.kernel = kernel;
        this.name = values == Values.NORMAL ? name : name + " " + values;
        this.values = values;
        this.seed = (kernel.name() + this.name).hashCode();
        this.random = new Random(seed);
    }

    SampleBuilder(Kernel kernel, String name) {
        this(kernel, name, Values.NORMAL);
    }

    float[] floats(int length) {
        float[] drawn = new float[length];
        for (int i = 0; i < length; i++) {
            double value = random.nextGaussian();
            drawn[i] =
                    switch (values) {
                        case NORMAL -> (float) value;
                        case ZEROS -> 0f;
                        case WIDE -> (float) (value * Math.pow(10, random.nextInt(9) - 4));
                    };
        }
        return drawn;
    }

    int[] ints(int length, int bound) {
        return random.ints(length, 0, bound).toArray();
    }

    /// Lengths of sequences: none and all tokens are among them.
    int[] lengths(int sequences, int width) {
        int[] lengths = ints(sequences, width + 1);
        lengths[sequences - 1] = width;
        if (sequences > 1) {
            lengths[0] = 0;
        }
        return lengths;
    }

    /// Where the sequence of each token begins, in rows that hold several of them: from one token
    /// up to most of a row, padding behind them; `width` for padding.
    int[] starts(int rows, int width) {
        int[] starts = new int[rows * width];
        Arrays.fill(starts, width);
        for (int row = 0; row < rows; row++) {
            int end = row == rows - 1 ? width : random.nextInt(width + 1);
            int from = 0;
            while (from < end) {
                int to = Math.min(end, from + 1 + random.nextInt(random.nextBoolean() ? 4 : width));
                Arrays.fill(starts, row * width + from, row * width + to, from);
                from = to;
            }
        }
        return starts;
    }

    SampleBuilder reads(Object... arrays) {
        operands.addAll(Arrays.asList(arrays));
        return this;
    }

    /// The next operand is written, whatever it held.
    SampleBuilder writes(double[] result, double[] bounds) {
        float[] nothing = new float[result.length];
        Arrays.fill(nothing, Float.NaN);
        return updates(nothing, result, bounds);
    }

    SampleBuilder updates(float[] before, double[] result, double[] bounds) {
        expected.add(new Expected(kernel.operands().get(operands.size()).name(), result, bounds));
        operands.add(before);
        return this;
    }

    SampleBuilder packs(Integer... dimensions) {
        packed = List.of(dimensions);
        return this;
    }

    SampleBuilder scalars(Object... arguments) {
        scalars = List.of(arguments);
        return this;
    }

    KernelSample over(int count) {
        return over(count, 1);
    }

    KernelSample over(int count, int grain) {
        return new KernelSample(
                kernel, name, seed, count, grain, operands, packed, scalars, expected);
    }
}
