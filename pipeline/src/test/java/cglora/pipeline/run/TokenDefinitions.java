package cglora.pipeline.run;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The numbers of an alignment, each as it is defined, in float64.
///
/// @param before [tokens][classes] logits of `f₀`, or logarithms of its probabilities
/// @param full   [tokens][classes] of the reference
/// @param tuned  [tokens][classes] of the adapted model
record TokenDefinitions(List<double[]> before, List<double[]> full, List<double[]> tuned) {
    double distance() {
        return norm(tuned, full) / norm(full, before);
    }

    double cosine() {
        double product = 0;
        for (int i = 0; i < before.size(); i++) {
            product += dot(change(tuned, before, i), change(full, before, i));
        }
        return product / norm(tuned, before) / norm(full, before);
    }

    /// `√Σ dᵀ(diag(p₀) − p₀p₀ᵀ)d`, over that of the whole way.
    double distanceH() {
        return Math.sqrt(squareH(tuned, full) / squareH(full, before));
    }

    double kl() {
        double sum = 0;
        for (int i = 0; i < before.size(); i++) {
            double[] p = softmax(full.get(i));
            double[] q = softmax(tuned.get(i));
            sum +=
                    IntStream.range(0, p.length)
                            .mapToDouble(c -> p[c] * Math.log(p[c] / q[c]))
                            .sum();
        }
        return sum / before.size();
    }

    double agreement() {
        return IntStream.range(0, before.size())
                        .filter(i -> likeliest(full.get(i)) == likeliest(tuned.get(i)))
                        .count()
                / (double) before.size();
    }

    private static double norm(List<double[]> to, List<double[]> from) {
        double sum = 0;
        for (int i = 0; i < to.size(); i++) {
            double[] change = change(to, from, i);
            sum += dot(change, change);
        }
        return Math.sqrt(sum);
    }

    private double squareH(List<double[]> to, List<double[]> from) {
        double sum = 0;
        for (int i = 0; i < to.size(); i++) {
            double[] p = softmax(before.get(i));
            double[] d = change(to, from, i);
            double mean = dot(p, d);
            sum += IntStream.range(0, p.length).mapToDouble(c -> p[c] * d[c] * d[c]).sum();
            sum -= mean * mean;
        }
        return sum;
    }

    /// Centred.
    private static double[] change(List<double[]> to, List<double[]> from, int i) {
        double[] change =
                IntStream.range(0, to.get(i).length)
                        .mapToDouble(c -> to.get(i)[c] - from.get(i)[c])
                        .toArray();
        double mean = Arrays.stream(change).average().orElseThrow();
        return Arrays.stream(change).map(value -> value - mean).toArray();
    }

    private static double dot(double[] one, double[] other) {
        return IntStream.range(0, one.length).mapToDouble(c -> one[c] * other[c]).sum();
    }

    private static double[] softmax(double[] logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(z -> Math.exp(z) / sum).toArray();
    }

    private static int likeliest(double[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .max((a, b) -> Double.compare(logits[a], logits[b]))
                .orElseThrow();
    }
}
