package cglora.kernels.engine;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Row reductions and exponentials through the Vector API: the JVM's compiler keeps the order of
/// a float sum and therefore does not vectorise it by itself.
final class VectorVariants {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final int LANES = FLOATS.length();
    private static final VectorSpecies<Integer> INTS =
            VectorSpecies.of(int.class, FLOATS.vectorShape());

    private VectorVariants() {}

    /// `e^x` lane by lane, relative error below 2e-7; 0 below -87.
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(-87f).min(88f);
        IntVector n = clamped.mul(1.44269504f).add(12582912f).reinterpretAsInts().sub(0x4B400000);
        FloatVector exponent = (FloatVector) n.convertShape(VectorOperators.I2F, FLOATS, 0);
        FloatVector t = exponent.fma(FloatVector.broadcast(FLOATS, -0.693359375f), clamped);
        t = exponent.fma(FloatVector.broadcast(FLOATS, 2.12194440e-4f), t);
        FloatVector p = FloatVector.broadcast(FLOATS, 0.0013836632f);
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.008374981f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.04166824f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.16666418f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.4999999f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 1f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 1f));
        FloatVector power = n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        return p.mul(power).blend(0f, x.lt(-87f));
    }

    /// The sum of the lanes in a fixed order. The Vector API's own reduction may take any order,
    /// another one once a method is compiled, and the same program would give other bits.
    static float sum(FloatVector lanes) {
        FloatVector v = lanes;
        for (int half = LANES / 2; half > 0; half /= 2) {
            v = v.add(v.rearrange(VectorShuffle.iota(FLOATS, half, 1, true)));
        }
        return v.lane(0);
    }

    static FloatVector erf(FloatVector x) {
        FloatVector c = x.max(-3.92f).min(3.92f);
        FloatVector t = c.mul(c);
        FloatVector p = FloatVector.broadcast(FLOATS, 2.0501068e-6f);
        p = p.fma(t, FloatVector.broadcast(FLOATS, 2.848766e-4f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.0037654047f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.05274807f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.19040172f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 1.1283791f));
        FloatVector q = FloatVector.broadcast(FLOATS, 3.8091595e-5f);
        q = q.fma(t, FloatVector.broadcast(FLOATS, 0.0011624814f));
        q = q.fma(t, FloatVector.broadcast(FLOATS, 0.014968794f));
        q = q.fma(t, FloatVector.broadcast(FLOATS, 0.114107125f));
        q = q.fma(t, FloatVector.broadcast(FLOATS, 0.50207186f));
        q = q.fma(t, FloatVector.broadcast(FLOATS, 1f));
        return c.mul(p).div(q).max(-1f).min(1f);
    }

    static void biasGelu(
            int first, int count, float[] x, float[] bias, float[] y, int[] at, int o, int width) {
        for (int r = first; r < first + count; r++) {
            int xAt = at[o] + r * width;
            int yAt = at[o + 2] + r * width;
            for (int i = 0; i < width; i += LANES) {
                var mask = FLOATS.indexInRange(i, width);
                FloatVector s =
                        FloatVector.fromArray(FLOATS, x, xAt + i, mask)
                                .add(FloatVector.fromArray(FLOATS, bias, at[o + 1] + i, mask));
                s.mul(0.5f).mul(erf(s.mul(0.70710678f)).add(1f)).intoArray(y, yAt + i, mask);
            }
        }
    }

    static void biasGeluGradient(
            int first,
            int count,
            float[] dy,
            float[] x,
            float[] bias,
            float[] dx,
            int[] at,
            int o,
            int width) {
        for (int r = first; r < first + count; r++) {
            int xAt = at[o + 1] + r * width;
            int dxAt = at[o + 3] + r * width;
            densityRow(x, xAt, bias, at[o + 2], dx, dxAt, width);
            derivativeRow(dy, at[o] + r * width, x, xAt, bias, at[o + 2], dx, dxAt, width);
        }
    }

    /// `dx = s φ(s)`, `s = x + bias`. A method of its own: where the compiler must take in
    /// [#exp] and [#erf] at once it stops before the second, and every vector between them
    /// becomes an object.
    private static void densityRow(
            float[] x, int xAt, float[] bias, int biasAt, float[] dx, int dxAt, int width) {
        for (int i = 0; i < width; i += LANES) {
            var mask = FLOATS.indexInRange(i, width);
            FloatVector s =
                    FloatVector.fromArray(FLOATS, x, xAt + i, mask)
                            .add(FloatVector.fromArray(FLOATS, bias, biasAt + i, mask));
            s.mul(exp(s.mul(s).mul(-0.5f)).mul(0.39894228f)).intoArray(dx, dxAt + i, mask);
        }
    }

    /// `dx = dy (dx + Φ(s))`, `s = x + bias`.
    private static void derivativeRow(
            float[] dy,
            int dyAt,
            float[] x,
            int xAt,
            float[] bias,
            int biasAt,
            float[] dx,
            int dxAt,
            int width) {
        for (int i = 0; i < width; i += LANES) {
            var mask = FLOATS.indexInRange(i, width);
            FloatVector s =
                    FloatVector.fromArray(FLOATS, x, xAt + i, mask)
                            .add(FloatVector.fromArray(FLOATS, bias, biasAt + i, mask));
            FloatVector cumulative = erf(s.mul(0.70710678f)).add(1f).mul(0.5f);
            FloatVector.fromArray(FLOATS, dx, dxAt + i, mask)
                    .add(cumulative)
                    .mul(FloatVector.fromArray(FLOATS, dy, dyAt + i, mask))
                    .intoArray(dx, dxAt + i, mask);
        }
    }

    static void layerNorm(
            int first,
            int count,
            float[] x,
            float[] gain,
            float[] shift,
            float[] normalized,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        for (int r = first; r < first + count; r++) {
            int nAt = at[o + 3] + r * hidden;
            System.arraycopy(x, at[o] + r * hidden, normalized, nAt, hidden);
            float sum = rowSum(normalized, nAt, hidden);
            rstd[at[o + 5] + r] =
                    normalize(
                            normalized,
                            nAt,
                            sum,
                            gain,
                            at[o + 1],
                            shift,
                            at[o + 2],
                            y,
                            at[o + 4] + r * hidden,
                            hidden,
                            eps);
        }
    }

    static void residualLayerNorm(
            int first,
            int count,
            float[] x,
            float[] bias,
            float[] residual,
            float[] gain,
            float[] shift,
            float[] normalized,
            float[] y,
            float[] rstd,
            int[] at,
            int o,
            int hidden,
            float eps) {
        for (int r = first; r < first + count; r++) {
            int xAt = at[o] + r * hidden;
            int residualAt = at[o + 2] + r * hidden;
            int nAt = at[o + 5] + r * hidden;
            FloatVector sums = FloatVector.zero(FLOATS);
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector s =
                        FloatVector.fromArray(FLOATS, x, xAt + i, mask)
                                .add(FloatVector.fromArray(FLOATS, bias, at[o + 1] + i, mask))
                                .add(FloatVector.fromArray(FLOATS, residual, residualAt + i, mask));
                s.intoArray(normalized, nAt + i, mask);
                sums = sums.add(s);
            }
            rstd[at[o + 7] + r] =
                    normalize(
                            normalized,
                            nAt,
                            sum(sums),
                            gain,
                            at[o + 3],
                            shift,
                            at[o + 4],
                            y,
                            at[o + 6] + r * hidden,
                            hidden,
                            eps);
        }
    }

    /// Normalises one row in place and writes `y`; returns its rstd.
    private static float normalize(
            float[] row,
            int rowAt,
            float sum,
            float[] gain,
            int gainAt,
            float[] shift,
            int shiftAt,
            float[] y,
            int yAt,
            int hidden,
            float eps) {
        float mean = sum / hidden;
        FloatVector squares = FloatVector.zero(FLOATS);
        for (int i = 0; i < hidden; i += LANES) {
            var mask = FLOATS.indexInRange(i, hidden);
            FloatVector d =
                    FloatVector.fromArray(FLOATS, row, rowAt + i, mask)
                            .lanewise(VectorOperators.SUB, mean, mask);
            squares = d.fma(d, squares);
        }
        float variance = sum(squares) / hidden;
        float scale = 1f / (float) Math.sqrt(variance + eps);
        for (int i = 0; i < hidden; i += LANES) {
            var mask = FLOATS.indexInRange(i, hidden);
            FloatVector value =
                    FloatVector.fromArray(FLOATS, row, rowAt + i, mask).sub(mean).mul(scale);
            value.intoArray(row, rowAt + i, mask);
            value.fma(
                            FloatVector.fromArray(FLOATS, gain, gainAt + i, mask),
                            FloatVector.fromArray(FLOATS, shift, shiftAt + i, mask))
                    .intoArray(y, yAt + i, mask);
        }
        return scale;
    }

    static void layerNormGradient(
            int first,
            int count,
            float[] dy,
            float[] normalized,
            float[] gain,
            float[] rstd,
            float[] dx,
            int[] at,
            int o,
            int hidden) {
        int gainAt = at[o + 2];
        for (int r = first; r < first + count; r++) {
            int dyAt = at[o] + r * hidden;
            int nAt = at[o + 1] + r * hidden;
            int dxAt = at[o + 4] + r * hidden;
            FloatVector sums = FloatVector.zero(FLOATS);
            FloatVector projections = FloatVector.zero(FLOATS);
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector d =
                        FloatVector.fromArray(FLOATS, dy, dyAt + i, mask)
                                .mul(FloatVector.fromArray(FLOATS, gain, gainAt + i, mask));
                sums = sums.add(d);
                projections =
                        d.fma(
                                FloatVector.fromArray(FLOATS, normalized, nAt + i, mask),
                                projections);
            }
            float mean = sum(sums) / hidden;
            float along = sum(projections) / hidden;
            float scale = rstd[at[o + 3] + r];
            for (int i = 0; i < hidden; i += LANES) {
                var mask = FLOATS.indexInRange(i, hidden);
                FloatVector d =
                        FloatVector.fromArray(FLOATS, dy, dyAt + i, mask)
                                .mul(FloatVector.fromArray(FLOATS, gain, gainAt + i, mask));
                FloatVector n = FloatVector.fromArray(FLOATS, normalized, nAt + i, mask);
                d.sub(mean).sub(n.mul(along)).mul(scale).intoArray(dx, dxAt + i, mask);
            }
        }
    }

    static void blockSquares(
            int first, int count, float[] x, float[] sums, int[] at, int o, int n, int start) {
        int block = cglora.kernels.reduction.ReductionKernels.BLOCK;
        for (int b = first; b < first + count; b++) {
            int begin = b * block;
            int length = Math.min(n, begin + block) - begin;
            FloatVector squares = FloatVector.zero(FLOATS);
            for (int i = 0; i < length; i += LANES) {
                var mask = FLOATS.indexInRange(i, length);
                FloatVector value = FloatVector.fromArray(FLOATS, x, at[o] + begin + i, mask);
                squares = value.fma(value, squares);
            }
            sums[at[o + 1] + start + b] = sum(squares);
        }
    }

    private static float rowSum(float[] row, int rowAt, int length) {
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int i = 0; i < length; i += LANES) {
            var mask = FLOATS.indexInRange(i, length);
            sums = sums.add(FloatVector.fromArray(FLOATS, row, rowAt + i, mask));
        }
        return sum(sums);
    }
}
