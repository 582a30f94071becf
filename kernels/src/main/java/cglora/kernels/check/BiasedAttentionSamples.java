package cglora.kernels.check;

import static cglora.kernels.check.Closeness.ROUNDING;
import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Closeness.tolerance;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.toFloat;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.Kernel;
import cglora.kernels.attention.BiasedAttentionKernels;
import cglora.kernels.check.BiasedAttention64.Inputs;
import cglora.kernels.check.SampleBuilder.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Samples of attention with a bias of the relative position. Errors are bounded as in
/// [AttentionSamples].
final class BiasedAttentionSamples {
    private static final double EXP = 1e-6;

    private static final List<BiasedAttention64> SHAPES =
            List.of(
                    new BiasedAttention64(1, 1, 1, 1, 1, false),
                    new BiasedAttention64(3, 2, 3, 5, 7, false),
                    new BiasedAttention64(2, 3, 8, 8, 8, true),
                    new BiasedAttention64(4, 2, 13, 6, 3, false),
                    new BiasedAttention64(2, 4, 1, 17, 16, false),
                    new BiasedAttention64(2, 1, 17, 17, 64, true),
                    new BiasedAttention64(2, 2, 64, 30, 13, false),
                    new BiasedAttention64(2, 2, 19, 19, 96, true),
                    new BiasedAttention64(2, 1, 35, 44, 64, false));

    /// Sequences that take several tiles of queries and of keys, where variants have tiles.
    private static final List<BiasedAttention64> LENGTHY =
            List.of(
                    new BiasedAttention64(2, 1, 600, 600, 3, true),
                    new BiasedAttention64(1, 1, 140, 1100, 4, false));

    private BiasedAttentionSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (BiasedAttention64 shape : SHAPES) {
            for (boolean biased : new boolean[] {true, false}) {
                for (Values values : new Values[] {Values.NORMAL, Values.ZEROS}) {
                    samples.add(forward(shape, values, biased));
                    samples.add(queryGradient(shape, values, biased));
                    samples.add(keyGradient(shape, values, biased));
                }
            }
            samples.add(biasGradient(shape));
            samples.addAll(table(shape.heads(), shape.distances()));
        }
        for (BiasedAttention64 shape : LENGTHY) {
            samples.add(forward(shape, Values.NORMAL, true));
            samples.add(queryGradient(shape, Values.NORMAL, true));
            samples.add(keyGradient(shape, Values.NORMAL, true));
        }
        return samples;
    }

    /// The operands of one call, and what follows from them.
    private static final class Drawn {
        final BiasedAttention64 s;
        final SampleBuilder sample;
        final float[] q;
        final float[] k;
        final float[] v;
        final float[] bias;
        final int[] queryLengths;
        final int[] keyLengths;
        final Inputs inputs;
        final boolean biased;

        Drawn(BiasedAttention64 s, Kernel kernel, Values values, boolean biased) {
            this.s = s;
            this.biased = biased;
            String name =
                    "%d×%d heads, %d queries, %d keys, size %d%s%s"
                            .formatted(
                                    s.batch(),
                                    s.heads(),
                                    s.queries(),
                                    s.keys(),
                                    s.headSize(),
                                    s.causal() ? ", causal" : "",
                                    biased ? "" : ", no bias");
            sample = new SampleBuilder(kernel, name, values);
            q = sample.floats(s.values(s.queries()));
            k = sample.floats(s.values(s.keys()));
            v = sample.floats(s.values(s.keys()));
            bias = sample.floats(biased ? s.heads() * s.distances() : 1);
            queryLengths = sample.lengths(s.batch(), s.queries());
            keyLengths = sample.lengths(s.batch(), s.keys());
            if (s.batch() > 2) {
                keyLengths[1] = 0;
            }
            inputs =
                    new Inputs(
                            of(q),
                            of(k),
                            of(v),
                            biased ? of(bias) : null,
                            queryLengths,
                            keyLengths);
        }

        SampleBuilder reads(Object... more) {
            return sample.reads(q, k, v, bias, queryLengths, keyLengths).reads(more);
        }

        SampleBuilder packs(SampleBuilder built) {
            return built.packs(
                    s.heads(),
                    s.queries(),
                    s.keys(),
                    s.headSize(),
                    s.causal() ? 1 : 0,
                    biased ? 1 : 0);
        }

        /// How far a probability may be off, relative to itself.
        double probability() {
            return EXP
                    + (s.keys() + 6) * ROUNDING
                    + 2 * (s.headSize() + 5) * ROUNDING * (largestDot(q, k) + largest(of(bias)));
        }

        /// The largest `Σ|x y|` of a row of the queries' shape and one of the keys'.
        double largestDot(float[] x, float[] y) {
            double largest = 0;
            double[] absX = abs(x);
            double[] absY = abs(y);
            for (int b = 0; b < s.batch(); b++) {
                for (int h = 0; h < s.heads(); h++) {
                    for (int i = 0; i < s.queries(); i++) {
                        for (int j = 0; j < s.keys(); j++) {
                            largest = Math.max(largest, s.dot(absX, b, h, i, absY, j));
                        }
                    }
                }
            }
            return largest;
        }
    }

    private static KernelSample forward(BiasedAttention64 s, Values values, boolean biased) {
        var drawn = new Drawn(s, BiasedAttentionKernels.BIASED_ATTENTION, values, biased);
        var reference = s.forward(drawn.inputs);
        Inputs x = drawn.inputs;
        double[] magnitudes =
                s.forward(
                                new Inputs(
                                        x.q(),
                                        x.k(),
                                        abs(drawn.v),
                                        x.bias(),
                                        x.queryLengths(),
                                        x.keyLengths()))
                        .out();
        double relative = drawn.probability();
        return drawn.packs(
                        drawn.reads()
                                .updates(
                                        nothing(magnitudes.length),
                                        reference.out(),
                                        tolerance(
                                                relative + (s.keys() + 6) * ROUNDING,
                                                0,
                                                magnitudes))
                                .writes(
                                        reference.lse(),
                                        tolerance(2 * ROUNDING, relative, reference.lse())))
                .over(s.rows(), s.queries());
    }

    /// What the gradients share: the gradient that comes in, and the bounds.
    private static final class Backward {
        final float[] dout;
        final BiasedAttention64.Forward forward;
        final BiasedAttention64.Gradients reference;
        final double products;
        final double relative;
        final double ofScore;

        Backward(Drawn drawn) {
            BiasedAttention64 s = drawn.s;
            dout = drawn.sample.floats(s.values(s.queries()));
            forward = s.forward(drawn.inputs);
            reference = s.gradients(drawn.inputs, of(dout));
            products = 2 * drawn.largestDot(dout, drawn.v);
            relative = drawn.probability() + 4 * ROUNDING * largest(forward.lse());
            ofScore = (relative + (s.headSize() + 8) * ROUNDING) * products;
        }
    }

    private static KernelSample queryGradient(BiasedAttention64 s, Values values, boolean biased) {
        var drawn = new Drawn(s, BiasedAttentionKernels.QUERY_GRADIENT, values, biased);
        var back = new Backward(drawn);
        double sum = (s.keys() + 6) * ROUNDING * back.products;
        return drawn.packs(
                        drawn.reads(
                                        toFloat(back.forward.out()),
                                        toFloat(back.forward.lse()),
                                        back.dout)
                                .updates(
                                        nothing(back.reference.dq().length),
                                        back.reference.dq(),
                                        bounds(
                                                back.reference.dq().length,
                                                (back.ofScore + sum) * largest(of(drawn.k))))
                                .writes(
                                        back.reference.delta(),
                                        bounds(
                                                s.rows(),
                                                (s.headSize() + 6) * ROUNDING * back.products)))
                .over(s.rows(), s.queries());
    }

    private static KernelSample keyGradient(BiasedAttention64 s, Values values, boolean biased) {
        var drawn = new Drawn(s, BiasedAttentionKernels.KEY_GRADIENT, values, biased);
        var back = new Backward(drawn);
        double rows = s.queries();
        double sum = (rows + 6) * ROUNDING * back.products;
        int length = back.reference.dk().length;
        double most = rows * (back.ofScore + sum) * largest(of(drawn.q));
        double mostOfValue =
                rows * (back.relative + (rows + 6) * ROUNDING) * largest(of(back.dout));
        return drawn.packs(
                        drawn.reads(
                                        toFloat(back.forward.lse()),
                                        toFloat(back.reference.delta()),
                                        back.dout)
                                .updates(nothing(length), back.reference.dk(), bounds(length, most))
                                .updates(
                                        nothing(length),
                                        back.reference.dv(),
                                        bounds(length, mostOfValue)))
                .over(s.batch() * s.heads() * s.keys(), s.keys());
    }

    private static KernelSample biasGradient(BiasedAttention64 s) {
        var drawn = new Drawn(s, BiasedAttentionKernels.BIAS_GRADIENT, Values.NORMAL, true);
        var back = new Backward(drawn);
        double terms = s.batch() * s.queries();
        double bound = terms * (back.ofScore + (terms + 6) * ROUNDING * back.products);
        return drawn.reads(toFloat(back.forward.lse()), toFloat(back.reference.delta()), back.dout)
                .writes(back.reference.dBias(), bounds(back.reference.dBias().length, bound))
                .packs(
                        s.heads(),
                        s.queries(),
                        s.keys(),
                        s.headSize(),
                        s.causal() ? 1 : 0,
                        s.batch())
                .over(s.heads() * s.distances());
    }

    private static List<KernelSample> table(int heads, int distances) {
        int entries = 5;
        String name = "%d heads, %d distances".formatted(heads, distances);
        var reading = new SampleBuilder(BiasedAttentionKernels.RELATIVE_BIAS, name);
        float[] table = reading.floats(entries * heads);
        int[] buckets = reading.ints(distances, entries);
        double[] bias = Float64.matrix(heads, distances, (h, d) -> table[buckets[d] * heads + h]);
        var summing = new SampleBuilder(BiasedAttentionKernels.RELATIVE_BIAS_GRADIENT, name);
        float[] dBias = summing.floats(heads * distances);
        int[] of = summing.ints(distances, entries);
        return List.of(
                reading.reads(table, buckets)
                        .writes(bias, exact(bias))
                        .scalars(heads, distances)
                        .over(heads * distances),
                summing.reads(dBias, of)
                        .writes(
                                tableGradient(heads, entries, of(dBias), of),
                                sums(distances, tableGradient(heads, entries, abs(dBias), of)))
                        .scalars(heads, distances)
                        .over(entries * heads));
    }

    private static double[] tableGradient(int heads, int entries, double[] dBias, int[] buckets) {
        double[] sums = new double[entries * heads];
        for (int h = 0; h < heads; h++) {
            for (int d = 0; d < buckets.length; d++) {
                sums[buckets[d] * heads + h] += dBias[h * buckets.length + d];
            }
        }
        return sums;
    }

    private static float[] nothing(int length) {
        float[] nothing = new float[length];
        Arrays.fill(nothing, Float.NaN);
        return nothing;
    }

    private static double[] bounds(int length, double bound) {
        return vector(length, _ -> bound + Float.MIN_NORMAL);
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }
}
