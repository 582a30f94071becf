package cglora.pipeline.compare;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/// The runs of a method at one rate, one a seed.
///
/// @param value of the setting
/// @param runs  by their seeds
public record Rate(String value, SortedMap<Long, RunRecord> runs) {
    public Rate {
        runs = Collections.unmodifiableSortedMap(new TreeMap<>(runs));
    }

    int count() {
        return runs.size();
    }

    /// One number a run, in the order of the seeds.
    double[] of(ToDoubleFunction<RunRecord> number) {
        return runs.values().stream().mapToDouble(number).toArray();
    }

    /// Mean over the seeds.
    double validation(String metric) {
        return Significance.mean(of(run -> run.validation(metric)));
    }

    double[] test(String metric) {
        return of(run -> run.test(metric));
    }

    /// `4e-3`, `2e-4`, or the text itself where it is no number.
    String label() {
        double number = GridComparison.number(value);
        return Double.isFinite(number) ? shorten(number) : value;
    }

    /// Three digits: below 0.1 and from 10,000 on with an exponent.
    static String shorten(double number) {
        if (number == 0) {
            return "0";
        }
        var rounded = new BigDecimal(number).round(new MathContext(3)).stripTrailingZeros();
        double size = Math.abs(number);
        if (size >= 0.1 && size < 1e4) {
            return rounded.toPlainString();
        }
        int exponent = rounded.precision() - rounded.scale() - 1;
        return rounded.movePointLeft(exponent).stripTrailingZeros().toPlainString()
                + "e"
                + exponent;
    }
}
