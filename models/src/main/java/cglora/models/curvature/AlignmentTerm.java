package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.Arrays;

/// What one prediction adds to a [PredictionAlignment]: squares and products of the differences of
/// three rows of logits, and their sums over predictions.
///
/// @param gap      `‖f − f_FT‖²`, centred
/// @param full     `‖f_FT − f₀‖²`, centred
/// @param moved    `‖f − f₀‖²`, centred
/// @param product  `⟨f − f₀, f_FT − f₀⟩`, centred
/// @param rawGap   as `gap`, not centred
/// @param rawFull  as `full`, not centred
/// @param gapH     `(f − f_FT)ᵀ H (f − f_FT)`
/// @param fullH    `(f_FT − f₀)ᵀ H (f_FT − f₀)`
/// @param kl       `KL(p_FT ‖ p)`
/// @param agreeing 1 where the same class is the likeliest
/// @param count    of predictions
record AlignmentTerm(
        double gap,
        double full,
        double moved,
        double product,
        double rawGap,
        double rawFull,
        double gapH,
        double fullH,
        double kl,
        long agreeing,
        long count) {
    static final AlignmentTerm ZERO = new AlignmentTerm(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// @param pretrained [classes] logits of `f₀`
    /// @param reference  [classes] logits of `f_FT`
    /// @param adapted    [classes] logits of `f`
    static AlignmentTerm of(double[] pretrained, double[] reference, double[] adapted) {
        double[] gap = difference(adapted, reference);
        double[] way = difference(reference, pretrained);
        double[] own = centred(difference(adapted, pretrained));
        boolean number = pretrained.length == 1;
        double[] p = number ? null : Softmax.probabilities(row(pretrained), 0);
        double rawGap = square(gap);
        double rawFull = square(way);
        double gapH = number ? rawGap : squareH(p, gap);
        double fullH = number ? rawFull : squareH(p, way);
        centred(gap);
        centred(way);
        double product = 0;
        for (int c = 0; c < own.length; c++) {
            product += own[c] * way[c];
        }
        return new AlignmentTerm(
                square(gap),
                square(way),
                square(own),
                product,
                rawGap,
                rawFull,
                gapH,
                fullH,
                divergence(reference, adapted),
                largest(reference) == largest(adapted) ? 1 : 0,
                1);
    }

    AlignmentTerm plus(AlignmentTerm other) {
        return new AlignmentTerm(
                gap + other.gap,
                full + other.full,
                moved + other.moved,
                product + other.product,
                rawGap + other.rawGap,
                rawFull + other.rawFull,
                gapH + other.gapH,
                fullH + other.fullH,
                kl + other.kl,
                agreeing + other.agreeing,
                count + other.count);
    }

    /// Of all that was added.
    PredictionAlignment alignment() {
        return new PredictionAlignment(
                Math.sqrt(gap) / Math.sqrt(full),
                Math.sqrt(rawGap) / Math.sqrt(rawFull),
                Math.sqrt(gapH) / Math.sqrt(fullH),
                product / Math.sqrt(moved) / Math.sqrt(full),
                kl / count,
                (double) agreeing / count);
    }

    private static Matrix row(double[] logits) {
        return new Matrix(1, logits.length, logits);
    }

    static double[] difference(double[] one, double[] other) {
        double[] difference = one.clone();
        for (int c = 0; c < difference.length; c++) {
            difference[c] -= other[c];
        }
        return difference;
    }

    /// Takes the mean off, in place; a single output stays.
    static double[] centred(double[] logits) {
        if (logits.length > 1) {
            double mean = Arrays.stream(logits).sum() / logits.length;
            for (int c = 0; c < logits.length; c++) {
                logits[c] -= mean;
            }
        }
        return logits;
    }

    static double square(double[] d) {
        double sum = 0;
        for (double value : d) {
            sum += value * value;
        }
        return sum;
    }

    /// `dᵀHd`.
    private static double squareH(double[] p, double[] d) {
        double mean = 0;
        for (int c = 0; c < p.length; c++) {
            mean += p[c] * d[c];
        }
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            sum += p[c] * (d[c] - mean) * (d[c] - mean); // about the mean: no cancellation
        }
        return sum;
    }

    private static double divergence(double[] reference, double[] adapted) {
        if (reference.length == 1) {
            double difference = reference[0] - adapted[0];
            return difference * difference / 2;
        }
        double[] p = Softmax.logProbabilities(row(reference), 0);
        double[] q = Softmax.logProbabilities(row(adapted), 0);
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            sum += Math.exp(p[c]) * (p[c] - q[c]);
        }
        return sum;
    }

    private static int largest(double[] logits) {
        int best = 0;
        for (int c = 1; c < logits.length; c++) {
            if (logits[c] > logits[best]) {
                best = c;
            }
        }
        return best;
    }
}
