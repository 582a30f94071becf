package cglora.kernels.check;

import static cglora.kernels.check.Closeness.ROUNDING;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.toFloat;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.attention.AttentionMask;
import cglora.kernels.check.Attention64.Heads;
import cglora.kernels.check.SampleBuilder.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Samples of softmax and attention. A probability is off by the error of `exp`, by those of the
/// sum, and by what its score is off.
final class AttentionSamples {
    private static final double EXP = 1e-6;

    /// `exp` gives 0 for what is smaller.
    static final double EXP_CUT = 5e-38;

    private AttentionSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (int columns : new int[] {1, 3, 7, 8, 13, 64, 100, 384, 1023}) {
            samples.add(softmax(6, columns, 3, Values.NORMAL, 0.7f));
            samples.add(softmax(6, columns, 2, Values.WIDE, 1f));
        }
        samples.add(softmax(1, 13, 1, Values.ZEROS, 1f));
        var shapes =
                List.of(
                        new Heads(1, 1, 1, 1),
                        new Heads(3, 2, 3, 7),
                        new Heads(2, 3, 8, 8),
                        new Heads(4, 2, 13, 3),
                        new Heads(2, 12, 7, 32),
                        new Heads(2, 1, 17, 64),
                        new Heads(2, 1, 64, 13),
                        new Heads(2, 2, 100, 8));
        for (Heads shape : shapes) {
            for (Values values : new Values[] {Values.NORMAL, Values.ZEROS}) {
                float scale = (float) (1 / Math.sqrt(shape.headSize()));
                samples.add(forward(shape, values, scale));
                samples.add(gradient(shape, values, scale));
            }
        }
        for (Heads shape : Stream.concat(masked().stream(), lengthy().stream()).toList()) {
            float scale = (float) (1 / Math.sqrt(shape.headSize()));
            samples.add(forward(shape, Values.NORMAL, scale));
            samples.add(gradient(shape, Values.NORMAL, scale));
        }
        // scores of some hundreds: all weight on one key
        samples.add(forward(new Heads(3, 2, 13, 8), Values.NORMAL, 60f));
        samples.add(gradient(new Heads(3, 2, 13, 8), Values.NORMAL, 60f));
        return samples;
    }

    /// Heads that share keys, queries that do not see all of them, and queries of other places.
    private static List<Heads> masked() {
        var causal = AttentionMask.causal(0);
        return List.of(
                new Heads(3, 4, 7, 8, 2, 7, AttentionMask.FULL),
                new Heads(3, 3, 13, 7, 1, 13, causal),
                new Heads(2, 4, 17, 16, 2, 17, AttentionMask.causal(5)),
                new Heads(2, 2, 100, 8, 2, 100, AttentionMask.causal(33)),
                new Heads(3, 6, 1, 8, 2, 11, causal.last()),
                new Heads(3, 6, 1, 40, 3, 100, AttentionMask.causal(33).last()),
                new Heads(2, 2, 1, 64, 1, 600, causal.last()),
                new Heads(3, 2, 1, 37, 2, 13, AttentionMask.ACROSS),
                new Heads(3, 4, 3, 5, 4, 19, AttentionMask.causal(4).last()),
                new Heads(3, 2, 5, 8, 2, 13, AttentionMask.ACROSS),
                new Heads(2, 2, 13, 8, 1, 13, AttentionMask.ACROSS),
                new Heads(3, 4, 13, 8, 2, 13, causal.inPackedRows()),
                new Heads(1, 3, 1, 7, 1, 1, causal.inPackedRows()),
                new Heads(2, 2, 100, 8, 2, 100, AttentionMask.causal(5).inPackedRows()));
    }

    /// Sequences that take several tiles of queries and of keys, where variants have tiles.
    private static List<Heads> lengthy() {
        return List.of(
                new Heads(2, 1, 700, 5, 1, 700, AttentionMask.FULL),
                new Heads(1, 2, 600, 3, 1, 600, AttentionMask.causal(0)),
                new Heads(1, 1, 900, 3, 1, 900, AttentionMask.causal(150)),
                new Heads(2, 1, 140, 4, 1, 1100, AttentionMask.causal(0).last()),
                new Heads(2, 1, 130, 4, 1, 1030, AttentionMask.ACROSS),
                new Heads(2, 2, 900, 3, 1, 900, AttentionMask.causal(0).inPackedRows()),
                new Heads(2, 1, 900, 3, 1, 900, AttentionMask.causal(150).inPackedRows()));
    }

    private static KernelSample softmax(
            int rows, int columns, int rowsPerLength, Values values, float scale) {
        var sample =
                new SampleBuilder(
                        AttentionKernels.SOFTMAX_ROWS,
                        "%d×%d by %d".formatted(rows, columns, rowsPerLength),
                        values);
        float[] x = sample.floats(rows * columns);
        int[] lengths = sample.lengths(rows / rowsPerLength, columns);
        double[] y = Float64.softmaxRows(rows, columns, rowsPerLength, scale, of(x), lengths);
        double largest = Arrays.stream(of(x)).map(Math::abs).max().orElse(0) * scale;
        double relative = EXP + (columns + 6 + 4 * largest) * ROUNDING;
        return sample.reads(x, lengths)
                .writes(y, Closeness.tolerance(relative, EXP_CUT, y))
                .scalars(columns, rowsPerLength, scale)
                .over(rows);
    }

    private static String name(Heads s, float scale) {
        return "%d×%d heads on %d, width %d on %d, size %d, scale %.2g, %s"
                .formatted(
                        s.batch(),
                        s.heads(),
                        s.keyHeads(),
                        s.width(),
                        s.keyWidth(),
                        s.headSize(),
                        scale,
                        s.mask());
    }

    private static KernelSample forward(Heads s, Values values, float scale) {
        var sample = new SampleBuilder(AttentionKernels.ATTENTION_FORWARD, name(s, scale), values);
        float[] q = sample.floats(s.values());
        float[] k = sample.floats(s.keyValues());
        float[] v = sample.floats(s.keyValues());
        int[] lengths = lengths(sample, s);
        var reference = Attention64.attention(s, scale, of(q), of(k), of(v), lengths);
        double relative = probability(s, q, k, scale);
        double[] magnitudes =
                Attention64.attention(s, scale, of(q), of(k), Float64.abs(v), lengths).out();
        return sample.reads(q, k, v, lengths)
                .updates(
                        nothing(s.values()),
                        reference.out(),
                        Closeness.tolerance(
                                relative + (s.keyWidth() + 6) * ROUNDING, 0, magnitudes))
                .writes(
                        reference.lse(),
                        Closeness.tolerance(2 * ROUNDING, relative, reference.lse()))
                .packs(s.packed())
                .scalars(scale)
                .over(s.rows(), s.width());
    }

    private static int[] lengths(SampleBuilder sample, Heads s) {
        return s.mask().packed()
                ? sample.starts(s.batch(), s.width())
                : sample.lengths(s.batch(), s.keyWidth());
    }

    private static float[] nothing(int length) {
        float[] nothing = new float[length];
        Arrays.fill(nothing, Float.NaN);
        return nothing;
    }

    /// How far a probability may be off, relative to itself.
    private static double probability(Heads s, float[] q, float[] k, double scale) {
        return EXP
                + (s.keyWidth() + 6) * ROUNDING
                + 2 * (s.headSize() + 4) * ROUNDING * scale * largestDot(s, q, k);
    }

    /// The largest `Σ|x y|` of two rows of one head.
    private static double largestDot(Heads s, float[] x, float[] y) {
        double largest = 0;
        double[] absX = Float64.abs(x);
        double[] absY = Float64.abs(y);
        for (int b = 0; b < s.batch(); b++) {
            for (int h = 0; h < s.heads(); h++) {
                for (int i = 0; i < s.width(); i++) {
                    for (int j = 0; j < s.keyWidth(); j++) {
                        largest = Math.max(largest, Attention64.dot(s, b, h, absX, i, absY, j));
                    }
                }
            }
        }
        return largest;
    }

    private static KernelSample gradient(Heads s, Values values, float scale) {
        var sample = new SampleBuilder(AttentionKernels.ATTENTION_GRADIENT, name(s, scale), values);
        float[] q = sample.floats(s.values());
        float[] k = sample.floats(s.keyValues());
        float[] v = sample.floats(s.keyValues());
        float[] dout = sample.floats(s.values());
        int[] lengths = lengths(sample, s);
        var forward = Attention64.attention(s, scale, of(q), of(k), of(v), lengths);
        var reference =
                Attention64.attentionGradient(s, scale, of(q), of(k), of(v), lengths, of(dout));
        double relative = probability(s, q, k, scale) + 4 * ROUNDING * largest(forward.lse());
        double products = 2 * largestDot(s, dout, v);
        double gradient = scale * (relative + (s.headSize() + 6) * ROUNDING) * products;
        // Σ over the keys of p is 1; over the queries it is at most their number
        double rows = s.width() * s.heads() / (double) s.keyHeads();
        double sum = (Math.max(rows, s.keyWidth()) + 6) * ROUNDING * scale * products;
        return sample.reads(q, k, v, lengths, toFloat(forward.out()), toFloat(forward.lse()), dout)
                .updates(
                        nothing(s.values()),
                        reference.dq(),
                        bounds(s.values(), (gradient + sum) * max(k)))
                .updates(
                        nothing(s.keyValues()),
                        reference.dk(),
                        bounds(s.keyValues(), rows * (gradient + sum) * max(q)))
                .updates(
                        nothing(s.keyValues()),
                        reference.dv(),
                        bounds(
                                s.keyValues(),
                                rows * (relative + (rows + 6) * ROUNDING) * max(dout)))
                .packs(s.packed())
                .scalars(scale)
                .over(s.batch() * s.keyHeads());
    }

    private static double[] bounds(int length, double bound) {
        return vector(length, _ -> bound);
    }

    private static double max(float[] values) {
        return largest(of(values));
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }
}
