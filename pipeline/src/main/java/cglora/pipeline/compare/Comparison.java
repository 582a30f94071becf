package cglora.pipeline.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/// A method beside the reference on one metric of the test split, seed by seed, each at its own
/// chosen rate.
///
/// @param method      the method
/// @param reference   what it is tested against
/// @param metric      on the test split
/// @param seeds       that both have
/// @param value       mean of the method over these seeds
/// @param other       that of the reference
/// @param low         95 % bootstrap interval of the mean difference, lower end
/// @param high        upper end
/// @param t           p of the paired t-test
/// @param holm        the same after Holm's correction over the methods of this metric
/// @param permutation p of the paired permutation test, uncorrected
public record Comparison(
        String method,
        String reference,
        String metric,
        int seeds,
        double value,
        double other,
        double low,
        double high,
        double t,
        double holm,
        double permutation) {
    static final double LEVEL = 0.05;

    /// All methods against the reference.
    static List<Comparison> of(List<Method> methods, Method reference, String metric) {
        var all = new ArrayList<Comparison>();
        double[] p = new double[methods.size()];
        for (int i = 0; i < p.length; i++) {
            Rate mine = methods.get(i).chosen();
            Rate its = reference.chosen();
            var seeds = new TreeSet<>(mine.runs().keySet());
            seeds.retainAll(its.runs().keySet());
            double[] values =
                    seeds.stream().mapToDouble(s -> mine.runs().get(s).test(metric)).toArray();
            double[] others =
                    seeds.stream().mapToDouble(s -> its.runs().get(s).test(metric)).toArray();
            double[] differences = new double[values.length];
            for (int k = 0; k < values.length; k++) {
                differences[k] = values[k] - others[k];
            }
            double[] interval = Significance.interval(differences);
            p[i] = Significance.pairedT(differences);
            all.add(
                    new Comparison(
                            methods.get(i).name(),
                            reference.name(),
                            metric,
                            seeds.size(),
                            Significance.mean(values),
                            Significance.mean(others),
                            interval[0],
                            interval[1],
                            p[i],
                            Double.NaN,
                            Significance.permutation(differences)));
        }
        double[] holm = Significance.holm(p);
        for (int i = 0; i < p.length; i++) {
            all.set(i, all.get(i).withHolm(holm[i]));
        }
        return all;
    }

    private Comparison withHolm(double adjusted) {
        return new Comparison(
                method,
                reference,
                metric,
                seeds,
                value,
                other,
                low,
                high,
                t,
                adjusted,
                permutation);
    }

    double difference() {
        return value - other;
    }

    boolean isSignificant() {
        return holm < LEVEL;
    }

    /// In words.
    String verdict() {
        double better = RunRecord.lessIsBetter(metric) ? -difference() : difference();
        String what =
                String.format(
                        Locale.ROOT,
                        "test %s: %s %.4f, %s %.4f",
                        metric,
                        method,
                        value,
                        reference,
                        other);
        if (seeds < 2) {
            return what
                    + (seeds == 0 ? "; no seed" : "; one seed")
                    + " in common: not significant, nothing can be tested";
        }
        if (Double.isNaN(t)) {
            return what
                    + "; the same difference with each of the %d seeds: no t-test exists"
                            .formatted(seeds);
        }
        return String.format(
                Locale.ROOT,
                "%s; %s is %s by %.4f over %d seeds: %s (p = %.2g%s)",
                what,
                method,
                better > 0 ? "better" : better < 0 ? "worse" : "different",
                Math.abs(better),
                seeds,
                isSignificant() ? "significant" : "not significant",
                holm,
                ", Holm");
    }
}
