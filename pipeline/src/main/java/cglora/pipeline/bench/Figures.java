package cglora.pipeline.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/// Numbers as people read them.
final class Figures {
    private Figures() {}

    /// Three digits that count, without an exponent: 0.0123, 4.56, 789, 12300.
    static String three(double value) {
        if (value == 0) {
            return "0";
        }
        BigDecimal rounded =
                new BigDecimal(value).round(new MathContext(3, RoundingMode.HALF_EVEN));
        return rounded.scale() < 0
                ? rounded.setScale(0, RoundingMode.UNNECESSARY).toPlainString()
                : rounded.toPlainString();
    }

    static String percent(double part) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * part);
    }

    static String times(double factor) {
        return three(factor) + "×";
    }
}
