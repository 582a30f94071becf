package cglora.kernels.check;

import static cglora.kernels.check.Closeness.ROUNDING;
import static cglora.kernels.check.Closeness.exact;
import static cglora.kernels.check.Closeness.roundings;
import static cglora.kernels.check.Closeness.sums;
import static cglora.kernels.check.Float64.abs;
import static cglora.kernels.check.Float64.matrix;
import static cglora.kernels.check.Float64.of;
import static cglora.kernels.check.Float64.sum;
import static cglora.kernels.check.Float64.vector;

import cglora.kernels.check.SampleBuilder.Values;
import cglora.kernels.dropout.DropoutKernels;
import cglora.kernels.loss.LossKernels;
import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.tornado.ArenaKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Samples of losses, the optimizer, dropout, reductions and other kernels over flat arrays.
final class ElementSamples {
    private static final int[] LENGTHS = {1, 3, 7, 8, 13, 64, 100, 384, 1023};

    private ElementSamples() {}

    static List<KernelSample> all() {
        var samples = new ArrayList<KernelSample>();
        for (Values values : Values.values()) {
            for (int n : LENGTHS) {
                samples.addAll(elements(values, n));
                samples.add(adamW(values, n));
                samples.add(dropout(values, n, n % 2 == 0 ? 0.1f : 0f));
                samples.addAll(squaredErrors(values, n));
                samples.add(columnSum(values, 13, n));
                samples.add(columnSum(values, n, 3));
                samples.add(dotProduct(values, n));
                samples.addAll(parts(values, n));
                samples.addAll(crossEntropy(values, 5, n));
            }
            samples.addAll(crossEntropy(values, 1, 2));
            samples.addAll(crossEntropy(values, 100, 3));
            for (int n : new int[] {1, 100, 4095, 4096, 4097, 9000}) {
                samples.add(blockSquares(values, n));
            }
        }
        for (float maxNorm : new float[] {0f, 1f, 1000f}) {
            samples.add(clipByNorm(1, maxNorm, Values.NORMAL));
            samples.add(clipByNorm(13, maxNorm, Values.NORMAL));
            samples.add(clipByNorm(7, maxNorm, Values.ZEROS));
        }
        return samples;
    }

    private static List<KernelSample> parts(Values values, int n) {
        var copying = new SampleBuilder(ArenaKernels.COPY_PART, "" + n, values);
        float[] x = copying.floats(n);
        float[] before = copying.floats(n);
        int length = n / 2 + 1;
        double[] copied = of(before);
        for (int i = 0; i < length; i++) {
            copied[i] = x[i];
        }
        var gathering = new SampleBuilder(ArenaKernels.GATHER_INTO, "" + n, values);
        float[] from = gathering.floats(n);
        int[] index = gathering.ints(n + 2, n);
        double[] gathered = new double[index.length];
        for (int i = 0; i < index.length; i++) {
            gathered[i] = from[index[i]];
        }
        var touching = new SampleBuilder(ArenaKernels.TOUCH_FLOATS, "" + n, values);
        float[] same = touching.floats(n);
        var reading = new SampleBuilder(ArenaKernels.READ_WORDS, "" + n, values);
        int[] words = reading.ints(n, 100);
        float[] sum = reading.floats(n);
        double[] summed = vector(n, i -> sum[i] + 3.0 * words[i]);
        double[] magnitudes = vector(n, i -> Math.abs(sum[i]) + 3.0 * words[i]);
        return List.of(
                reading.reads((Object) words)
                        .updates(sum, summed, roundings(1, magnitudes))
                        .packs(3)
                        .over(n),
                copying.reads(x).updates(before, copied, exact(copied)).packs(length).over(n),
                gathering.reads(from, index).writes(gathered, exact(gathered)).over(index.length),
                touching.updates(same, of(same), exact(of(same))).packs(0).over(n));
    }

    private static List<KernelSample> elements(Values values, int n) {
        var adding = new SampleBuilder(ReductionKernels.ADD_INTO, "" + n, values);
        float[] x = adding.floats(n);
        float[] y = adding.floats(n);
        double[] copied = of(x);
        double[] scaled = Float64.scale(0.1f, copied);
        return List.of(
                adding.reads((Object) x)
                        .updates(
                                y,
                                Float64.add(-0.7f, of(x), of(y)),
                                roundings(2, Float64.add(0.7, abs(x), abs(y))))
                        .scalars(-0.7f)
                        .over(n),
                new SampleBuilder(ReductionKernels.COPY_INTO, "" + n, values)
                        .reads((Object) x)
                        .writes(copied, exact(copied))
                        .over(n),
                new SampleBuilder(ReductionKernels.SCALE_INTO, "" + n, values)
                        .reads((Object) x)
                        .writes(scaled, roundings(1, scaled))
                        .scalars(0.1f)
                        .over(n));
    }

    private static KernelSample columnSum(Values values, int rows, int columns) {
        var sample = new SampleBuilder(ReductionKernels.COLUMN_SUM, rows + "×" + columns, values);
        float[] x = sample.floats(rows * columns);
        return sample.reads((Object) x)
                .writes(
                        Float64.columnSum(rows, columns, of(x)),
                        sums(rows, Float64.columnSum(rows, columns, abs(x))))
                .scalars(rows, columns)
                .over(columns);
    }

    private static KernelSample dotProduct(Values values, int n) {
        var sample = new SampleBuilder(ReductionKernels.DOT, "" + n, values);
        float[] x = sample.floats(n);
        float[] y = sample.floats(n);
        return sample.reads(x, y)
                .writes(
                        new double[] {sum(n, i -> (double) x[i] * y[i])},
                        sums(n, new double[] {sum(n, i -> Math.abs((double) x[i] * y[i]))}))
                .scalars(n)
                .over(1);
    }

    private static KernelSample blockSquares(Values values, int n) {
        var sample = new SampleBuilder(ReductionKernels.SQUARES, "" + n, values);
        float[] x = sample.floats(n);
        int block = ReductionKernels.BLOCK;
        int blocks = (n + block - 1) / block;
        int start = 2; // what stands before this array's blocks must stay
        float[] before = sample.floats(start + blocks);
        double[] squares =
                vector(
                        start + blocks,
                        b ->
                                b < start
                                        ? before[b]
                                        : sum(
                                                Math.min(block, n - (b - start) * block),
                                                i -> {
                                                    double v = x[(b - start) * block + i];
                                                    return v * v;
                                                }));
        double[] bounds = sums(block, squares);
        Arrays.fill(bounds, 0, start, 0);
        return sample.reads((Object) x)
                .updates(before, squares, bounds)
                .scalars(n, start)
                .over(blocks);
    }

    private static KernelSample clipByNorm(int blocks, float maxNorm, Values values) {
        var sample =
                new SampleBuilder(
                        OptimizerKernels.CLIP_BY_NORM,
                        blocks + " blocks, at most " + maxNorm,
                        values);
        float[] sums = sample.floats(blocks);
        for (int b = 0; b < blocks; b++) {
            sums[b] = sums[b] * sums[b];
        }
        double norm = Math.sqrt(sum(blocks, b -> sums[b]));
        double[] clip = {norm, maxNorm > 0 ? Math.min(1, maxNorm / (norm + 1e-6)) : 1};
        return sample.reads((Object) sums)
                .writes(clip, roundings(blocks + 6, clip))
                .scalars(blocks, maxNorm)
                .over(1);
    }

    private static KernelSample adamW(Values values, int n) {
        var sample = new SampleBuilder(OptimizerKernels.ADAM_W, "" + n, values);
        float[] gradient = sample.floats(n);
        float[] hyper = {3e-4f, 0.9f, 0.999f, 1e-8f, 1 - 0.9f * 0.9f, 1 - 0.999f * 0.999f};
        float[] clip = {7f, 0.3f};
        float[] parameter = sample.floats(n);
        float[] m = sample.floats(n);
        float[] v = sample.floats(n);
        for (int i = 0; i < n; i++) {
            v[i] = v[i] * v[i];
        }
        float rateScale = 0.5f;
        float decay = 0.01f;
        var reference =
                Optimizer64.adamW(
                        of(gradient),
                        of(hyper),
                        clip[1],
                        of(parameter),
                        of(m),
                        of(v),
                        rateScale,
                        decay);
        double[] mMagnitude =
                vector(
                        n,
                        i ->
                                hyper[1] * Math.abs(m[i])
                                        + (1 - hyper[1]) * Math.abs(clip[1] * gradient[i]));
        double[] mBounds = roundings(5, mMagnitude);
        double[] parameterBounds =
                vector(
                        n,
                        i -> {
                            double rate = (double) hyper[0] * rateScale;
                            double denominator = Math.sqrt(reference.v()[i] / hyper[5]) + hyper[3];
                            double step =
                                    rate * Math.abs(reference.m()[i]) / hyper[4] / denominator;
                            return 5 * ROUNDING * Math.abs(parameter[i])
                                    + rate * mBounds[i] / hyper[4] / denominator
                                    + 12 * ROUNDING * step
                                    + Float.MIN_NORMAL;
                        });
        return sample.reads(gradient, hyper, clip)
                .updates(parameter, reference.parameter(), parameterBounds)
                .updates(m, reference.m(), mBounds)
                .updates(v, reference.v(), roundings(6, reference.v()))
                .scalars(rateScale, decay)
                .over(n);
    }

    private static KernelSample dropout(Values values, int n, float rate) {
        var sample = new SampleBuilder(DropoutKernels.DROPOUT, n + " at " + rate, values);
        float[] x = sample.floats(n);
        int[] seed = {sample.ints(1, Integer.MAX_VALUE)[0] - 1_000_000_000};
        int key = -77;
        double[] y =
                vector(
                        n,
                        i ->
                                Dropout64.uniform(seed[0], key, i) < rate
                                        ? 0
                                        : x[i] / (1 - (double) rate));
        return sample.reads(x, seed).writes(y, roundings(3, y)).scalars(key, rate).over(n);
    }

    private static List<KernelSample> squaredErrors(Values values, int n) {
        var forward = new SampleBuilder(LossKernels.SQUARED_ERROR, "" + n, values);
        float[] prediction = forward.floats(n);
        float[] target = forward.floats(n);
        float[] dLoss = forward.floats(n);
        double[] loss = vector(n, i -> Math.pow((double) prediction[i] - target[i], 2));
        double[] gradient = vector(n, i -> 2.0 * dLoss[i] * ((double) prediction[i] - target[i]));
        return List.of(
                forward.reads(prediction, target).writes(loss, roundings(4, loss)).over(n),
                new SampleBuilder(LossKernels.SQUARED_ERROR_GRADIENT, "" + n, values)
                        .reads(prediction, target, dLoss)
                        .writes(gradient, roundings(4, gradient))
                        .over(n));
    }

    private static List<KernelSample> crossEntropy(Values values, int rows, int classes) {
        String name = rows + "×" + classes;
        var forward = new SampleBuilder(LossKernels.CROSS_ENTROPY, name, values);
        float[] logits = forward.floats(rows * classes);
        int[] labels = forward.ints(rows, classes);
        if (rows > 2) {
            labels[1] = -100; // no example
        }
        double[] lse = vector(rows, r -> Float64.logSumExp(classes, c -> logits[r * classes + c]));
        double[] probabilities =
                matrix(rows, classes, (r, c) -> Math.exp(logits[r * classes + c] - lse[r]));
        double[] loss =
                vector(rows, r -> labels[r] < 0 ? 0 : lse[r] - logits[r * classes + labels[r]]);
        double sumError = 1e-6 + (classes + 6) * ROUNDING;
        double[] probabilityBounds =
                matrix(
                        rows,
                        classes,
                        (r, c) ->
                                probabilities[r * classes + c]
                                                * (sumError
                                                        + 4
                                                                * ROUNDING
                                                                * Math.abs(
                                                                        logits[r * classes + c]
                                                                                - lse[r]))
                                        + AttentionSamples.EXP_CUT);
        double[] lossBounds =
                vector(
                        rows,
                        r ->
                                labels[r] < 0
                                        ? 0
                                        : sumError
                                                + 4
                                                        * ROUNDING
                                                        * (Math.abs(lse[r])
                                                                + Math.abs(
                                                                        logits[
                                                                                r * classes
                                                                                        + labels[
                                                                                                r]])));
        var backward = new SampleBuilder(LossKernels.CROSS_ENTROPY_GRADIENT, name, values);
        float[] given = Float64.toFloat(probabilities);
        float[] dLoss = backward.floats(rows);
        double[] dLogits =
                matrix(
                        rows,
                        classes,
                        (r, c) ->
                                labels[r] < 0
                                        ? 0
                                        : dLoss[r]
                                                * (given[r * classes + c]
                                                        - (labels[r] == c ? 1.0 : 0.0)));
        return List.of(
                forward.reads(logits, labels)
                        .writes(probabilities, probabilityBounds)
                        .writes(loss, lossBounds)
                        .scalars(classes)
                        .over(rows),
                backward.reads(given, labels, dLoss)
                        .writes(dLogits, roundings(2, dLogits))
                        .scalars(classes)
                        .over(rows));
    }
}
