package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;

/// How near an adapted predictor `f` is to a fully fine-tuned one `f_FT`, both started from
/// `f₀`.
///
/// Distances and cosine are on logits centred over the classes, since a constant added to all
/// logits of an example changes no prediction. With one output (regression) nothing is centred,
/// the metric is the identity, KL is that of Gaussians of variance 1 and agreement is 1.
/// Relative numbers are NaN or infinite where the reference has not moved.
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
    /// @param pretrained [examples, classes] logits of `f₀`
    /// @param reference  [examples, classes] logits of `f_FT`
    /// @param adapted    [examples, classes] logits of `f`
    public static PredictionAlignment of(Matrix pretrained, Matrix reference, Matrix adapted) {
        if (pretrained.rows() == 0 || pretrained.columns() == 0) {
            throw new IllegalArgumentException("no logits to compare");
        }
        Matrix gap = adapted.minus(reference);
        Matrix full = reference.minus(pretrained);
        Matrix moved = centred(adapted.minus(pretrained));
        Matrix fullCentred = centred(full);
        int examples = pretrained.rows();
        int agreeing = 0;
        double kl = 0;
        for (int e = 0; e < examples; e++) {
            kl += divergence(reference, adapted, e);
            if (largest(reference, e) == largest(adapted, e)) {
                agreeing++;
            }
        }
        return new PredictionAlignment(
                centred(gap).frobenius() / fullCentred.frobenius(),
                gap.frobenius() / full.frobenius(),
                normH(pretrained, gap) / normH(pretrained, full),
                moved.dot(fullCentred) / moved.frobenius() / fullCentred.frobenius(),
                kl / examples,
                (double) agreeing / examples);
    }

    private static Matrix centred(Matrix logits) {
        int classes = logits.columns();
        if (classes == 1) {
            return logits;
        }
        Matrix result = new Matrix(logits.rows(), classes, logits.values().clone());
        for (int e = 0; e < logits.rows(); e++) {
            double mean = 0;
            for (int c = 0; c < classes; c++) {
                mean += logits.get(e, c) / classes;
            }
            for (int c = 0; c < classes; c++) {
                result.values()[e * classes + c] -= mean;
            }
        }
        return result;
    }

    /// `√Σ dᵀHd` over the examples.
    private static double normH(Matrix logits, Matrix d) {
        if (d.columns() == 1) {
            return d.frobenius();
        }
        double sum = 0;
        for (int e = 0; e < d.rows(); e++) {
            double[] p = Softmax.probabilities(logits, e);
            double mean = 0;
            for (int c = 0; c < p.length; c++) {
                mean += p[c] * d.get(e, c);
            }
            for (int c = 0; c < p.length; c++) {
                // the variance, about its mean: no cancellation
                sum += p[c] * (d.get(e, c) - mean) * (d.get(e, c) - mean);
            }
        }
        return Math.sqrt(sum);
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
