package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// How near an adapted predictor `f` is to a fully fine-tuned one `f_FT`, both started from
/// `f₀`.
///
/// A prediction is the class of an example, or that of a token; of a model that writes, the token
/// that comes next. Distances and cosine are on logits centred over the classes, since a constant
/// added to all logits of a prediction changes nothing. With one output (regression) nothing is
/// centred, the metric is the identity, KL is that of Gaussians of variance 1 and agreement is 1.
/// Relative numbers are NaN or infinite where the reference has not moved ([#hasMoved]); the cosine
/// is NaN where the adapted predictor has not.
///
/// All are sums over the predictions: beside the logits nothing grows with their number.
///
/// @param relativeDistance    `‖f − f_FT‖ / ‖f_FT − f₀‖`, centred
/// @param relativeDistanceRaw the same without centring
/// @param relativeDistanceH   the same in the metric `H = diag(p₀) − p₀p₀ᵀ`, summed over
///     predictions: the one that the derivation of CG-LoRA minimises
/// @param cosine              of `f − f₀` and `f_FT − f₀`, centred
/// @param kl                  mean `KL(p_FT ‖ p)`, in nats
/// @param agreement           share of predictions whose likeliest class is the same
public record PredictionAlignment(
        double relativeDistance,
        double relativeDistanceRaw,
        double relativeDistanceH,
        double cosine,
        double kl,
        double agreement) {
    /// What float32 leaves of the logits of one function that was computed in two ways.
    private static final double ROUNDING = 1e-6;

    /// Predictions whose terms are made at the same time.
    private static final int TOGETHER = 1024;

    /// @param pretrained [predictions, classes] logits of `f₀`
    /// @param reference  [predictions, classes] logits of `f_FT`
    /// @param adapted    [predictions, classes] logits of `f`
    public static PredictionAlignment of(Matrix pretrained, Matrix reference, Matrix adapted) {
        requireAlike(pretrained, reference);
        requireAlike(pretrained, adapted);
        return sum(
                pretrained.rows(),
                e -> AlignmentTerm.of(row(pretrained, e), row(reference, e), row(adapted, e)));
    }

    /// The same in float32; one prediction after the other is widened.
    ///
    /// @param pretrained [predictions][classes] logits of `f₀`
    /// @param reference  [predictions][classes] logits of `f_FT`
    /// @param adapted    [predictions][classes] logits of `f`
    public static PredictionAlignment of(
            float[][] pretrained, float[][] reference, float[][] adapted) {
        requireAlike(pretrained, reference);
        requireAlike(pretrained, adapted);
        return sum(
                pretrained.length,
                e -> AlignmentTerm.of(wide(pretrained[e]), wide(reference[e]), wide(adapted[e])));
    }

    /// Terms are added in the order of the predictions: the bits do not depend on threads.
    private static PredictionAlignment sum(int predictions, IntFunction<AlignmentTerm> term) {
        AlignmentTerm sum = AlignmentTerm.ZERO;
        for (int from = 0; from < predictions; from += TOGETHER) {
            int to = Math.min(predictions, from + TOGETHER);
            for (AlignmentTerm of : IntStream.range(from, to).parallel().mapToObj(term).toList()) {
                sum = sum.plus(of);
            }
        }
        return sum.alignment();
    }

    /// Whether `f_FT` predicts something else than `f₀`, beyond rounding: only then is there a way
    /// to measure along.
    ///
    /// @param pretrained [predictions, classes]
    /// @param reference  [predictions, classes]
    public static boolean hasMoved(Matrix pretrained, Matrix reference) {
        requireAlike(pretrained, reference);
        return hasMoved(pretrained.rows(), e -> row(pretrained, e), e -> row(reference, e));
    }

    /// The same in float32.
    ///
    /// @param pretrained [predictions][classes]
    /// @param reference  [predictions][classes]
    public static boolean hasMoved(float[][] pretrained, float[][] reference) {
        requireAlike(pretrained, reference);
        return hasMoved(pretrained.length, e -> wide(pretrained[e]), e -> wide(reference[e]));
    }

    private static boolean hasMoved(
            int predictions, IntFunction<double[]> pretrained, IntFunction<double[]> reference) {
        double moved = 0;
        double size = 0;
        for (int e = 0; e < predictions; e++) {
            double[] before = pretrained.apply(e);
            double[] way = AlignmentTerm.difference(reference.apply(e), before);
            moved += AlignmentTerm.square(AlignmentTerm.centred(way));
            size += AlignmentTerm.square(AlignmentTerm.centred(before));
        }
        return Math.sqrt(moved) > ROUNDING * Math.sqrt(size);
    }

    private static void requireAlike(Matrix one, Matrix other) {
        requireAlike(one.rows(), one.columns(), other.rows(), other.columns());
    }

    private static void requireAlike(float[][] one, float[][] other) {
        requireAlike(one.length, classes(one), other.length, classes(other));
    }

    private static int classes(float[][] logits) {
        return logits.length == 0 ? 0 : logits[0].length;
    }

    private static void requireAlike(int rows, int columns, int otherRows, int otherColumns) {
        boolean alike = rows == otherRows && columns == otherColumns;
        if (!alike || rows == 0 || columns == 0) {
            throw new IllegalArgumentException(
                    "logits are %d × %d and %d × %d, expected the same predictions and classes"
                            .formatted(rows, columns, otherRows, otherColumns));
        }
    }

    private static double[] row(Matrix logits, int e) {
        int classes = logits.columns();
        return Arrays.copyOfRange(logits.values(), e * classes, (e + 1) * classes);
    }

    private static double[] wide(float[] row) {
        double[] wide = new double[row.length];
        for (int c = 0; c < wide.length; c++) {
            wide[c] = row[c];
        }
        return wide;
    }
}
