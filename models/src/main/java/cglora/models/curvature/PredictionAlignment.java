package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.Arrays;

/// How near an adapted predictor `f` is to a fully fine-tuned one `f_FT`, both started from
/// `f₀`.
///
/// Distances and cosine are on logits centred over the classes, since a constant added to all
/// logits of an example changes no prediction. With one output (regression) nothing is centred,
/// the metric is the identity, KL is that of Gaussians of variance 1 and agreement is 1.
/// Relative numbers are NaN or infinite where the reference has not moved ([#hasMoved]); the cosine
/// is NaN where the adapted predictor has not.
///
/// All are sums over the examples: beside the logits nothing grows with their number.
///
/// @param relativeDistance    `‖f − f_FT‖ / ‖f_FT − f₀‖`, centred
/// @param relativeDistanceRaw the same without centring
/// @param relativeDistanceH   the same in the metric `H = diag(p₀) − p₀p₀ᵀ`, summed over
///     examples: the one that the derivation of CG-LoRA minimises
/// @param cosine              of `f − f₀` and `f_FT − f₀`, centred
/// @param kl                  mean `KL(p_FT ‖ p)`, in nats
/// @param agreement           share of examples with the same predicted class
public record PredictionAlignment(
        double relativeDistance,
        double relativeDistanceRaw,
        double relativeDistanceH,
        double cosine,
        double kl,
        double agreement) {
    /// What float32 leaves of the logits of one function that was computed in two ways.
    private static final double ROUNDING = 1e-6;

    /// @param pretrained [examples, classes] logits of `f₀`
    /// @param reference  [examples, classes] logits of `f_FT`
    /// @param adapted    [examples, classes] logits of `f`
    public static PredictionAlignment of(Matrix pretrained, Matrix reference, Matrix adapted) {
        requireAlike(pretrained, reference);
        requireAlike(pretrained, adapted);
        var sums = new Sums(pretrained.columns());
        for (int e = 0; e < pretrained.rows(); e++) {
            sums.add(pretrained, reference, adapted, e);
        }
        return sums.toAlignment(pretrained.rows());
    }

    /// Whether `f_FT` predicts something else than `f₀`, beyond rounding: only then is there a way
    /// to measure along.
    ///
    /// @param pretrained [examples, classes]
    /// @param reference  [examples, classes]
    public static boolean hasMoved(Matrix pretrained, Matrix reference) {
        requireAlike(pretrained, reference);
        double moved = 0;
        double size = 0;
        for (int e = 0; e < pretrained.rows(); e++) {
            moved += square(centred(difference(reference, pretrained, e)));
            size += square(centred(row(pretrained, e)));
        }
        return Math.sqrt(moved) > ROUNDING * Math.sqrt(size);
    }

    private static void requireAlike(Matrix one, Matrix other) {
        boolean alike = one.rows() == other.rows() && one.columns() == other.columns();
        if (!alike || one.values().length == 0) {
            throw new IllegalArgumentException(
                    "logits are %d × %d and %d × %d, expected the same examples and classes"
                            .formatted(one.rows(), one.columns(), other.rows(), other.columns()));
        }
    }

    /// The squares and products of what is compared, summed over the examples.
    private static final class Sums {
        private final int classes;
        private double gap;
        private double full;
        private double moved;
        private double product;
        private double rawGap;
        private double rawFull;
        private double gapH;
        private double fullH;
        private double kl;
        private int agreeing;

        Sums(int classes) {
            this.classes = classes;
        }

        void add(Matrix pretrained, Matrix reference, Matrix adapted, int e) {
            double[] toReference = difference(adapted, reference, e);
            double[] way = difference(reference, pretrained, e);
            rawGap += square(toReference);
            rawFull += square(way);
            double[] p = classes == 1 ? null : Softmax.probabilities(pretrained, e);
            gapH += squareH(p, toReference);
            fullH += squareH(p, way);
            centred(toReference);
            centred(way);
            double[] own = centred(difference(adapted, pretrained, e));
            gap += square(toReference);
            full += square(way);
            moved += square(own);
            for (int c = 0; c < classes; c++) {
                product += own[c] * way[c];
            }
            kl += divergence(reference, adapted, e);
            agreeing += largest(reference, e) == largest(adapted, e) ? 1 : 0;
        }

        PredictionAlignment toAlignment(int examples) {
            return new PredictionAlignment(
                    Math.sqrt(gap) / Math.sqrt(full),
                    Math.sqrt(rawGap) / Math.sqrt(rawFull),
                    Math.sqrt(gapH) / Math.sqrt(fullH),
                    product / Math.sqrt(moved) / Math.sqrt(full),
                    kl / examples,
                    (double) agreeing / examples);
        }
    }

    private static double[] row(Matrix logits, int e) {
        int classes = logits.columns();
        return Arrays.copyOfRange(logits.values(), e * classes, (e + 1) * classes);
    }

    private static double[] difference(Matrix one, Matrix other, int e) {
        double[] difference = row(one, e);
        for (int c = 0; c < difference.length; c++) {
            difference[c] -= other.get(e, c);
        }
        return difference;
    }

    /// Takes the mean off, in place; a single output stays.
    private static double[] centred(double[] logits) {
        if (logits.length > 1) {
            double mean = Arrays.stream(logits).sum() / logits.length;
            for (int c = 0; c < logits.length; c++) {
                logits[c] -= mean;
            }
        }
        return logits;
    }

    private static double square(double[] d) {
        double sum = 0;
        for (double value : d) {
            sum += value * value;
        }
        return sum;
    }

    /// `dᵀHd`; null for the identity.
    private static double squareH(double[] p, double[] d) {
        if (p == null) {
            return square(d);
        }
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

    private static double divergence(Matrix reference, Matrix adapted, int e) {
        if (reference.columns() == 1) {
            double difference = reference.get(e, 0) - adapted.get(e, 0);
            return difference * difference / 2;
        }
        double[] p = Softmax.logProbabilities(reference, e);
        double[] q = Softmax.logProbabilities(adapted, e);
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            sum += Math.exp(p[c]) * (p[c] - q[c]);
        }
        return sum;
    }

    private static int largest(Matrix logits, int e) {
        int best = 0;
        for (int c = 1; c < logits.columns(); c++) {
            if (logits.get(e, c) > logits.get(e, best)) {
                best = c;
            }
        }
        return best;
    }
}
