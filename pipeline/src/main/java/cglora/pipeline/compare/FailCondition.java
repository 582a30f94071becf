package cglora.pipeline.compare;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A condition on a run beside another, under which a check fails: `f1 < base - 0.01`, `loss >
/// 0.4`.
///
/// @param metric   of the other run after training, on the test split, else on the validation split
/// @param relation `<`, `<=`, `>` or `>=`
/// @param relative whether the bound is `base` times `factor` plus `offset`; else it is `offset`
/// @param factor   of the same metric of the base run
/// @param offset   added
public record FailCondition(
        String metric, String relation, boolean relative, double factor, double offset) {
    private static final String NUMBER = "(\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?)";
    private static final Pattern FORM =
            Pattern.compile(
                    "\\s*([a-zA-Z_0-9]+)\\s*(<=|>=|<|>)\\s*(?:(-?)"
                            + NUMBER
                            + "|base\\s*(?:([-+*])\\s*"
                            + NUMBER
                            + ")?)\\s*");

    /// @throws CgloraException P-USAGE for another form
    public static FailCondition parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "--fail-if '" + text + "'",
                    "expected METRIC < base, base - NUMBER, base + NUMBER, base * NUMBER or NUMBER,"
                            + " also with >, <= and >=",
                    "such as 'f1 < base - 0.01'");
        }
        if (form.group(4) != null) {
            double bound = Double.parseDouble(form.group(4));
            return new FailCondition(
                    form.group(1),
                    form.group(2),
                    false,
                    0,
                    form.group(3).isEmpty() ? bound : -bound);
        }
        String operator = form.group(5) == null ? "+" : form.group(5);
        double number = form.group(6) == null ? 0 : Double.parseDouble(form.group(6));
        return new FailCondition(
                form.group(1),
                form.group(2),
                true,
                operator.equals("*") ? number : 1,
                operator.equals("*") ? 0 : operator.equals("-") ? -number : number);
    }

    /// Why the check fails; empty where it does not. A metric that is not a number fails.
    ///
    /// @throws CgloraException P-VALUE where a run has no such metric
    public String failure(RunRecord base, RunRecord other) {
        double value = end(other);
        double bound = relative ? factor * end(base) + offset : offset;
        boolean fails =
                switch (relation) {
                    case "<" -> !(value >= bound);
                    case "<=" -> !(value > bound);
                    case ">" -> !(value <= bound);
                    default -> !(value < bound);
                };
        return fails
                ? String.format(
                        Locale.ROOT,
                        "%s is %.6g, %s %.6g%s",
                        metric,
                        value,
                        relation,
                        bound,
                        relative
                                ? " (base " + String.format(Locale.ROOT, "%.6g", end(base)) + ")"
                                : "")
                : "";
    }

    private double end(RunRecord run) {
        for (String state : new String[] {RunRecord.TEST, RunRecord.VALIDATION}) {
            Map<String, Double> metrics = run.states().getOrDefault(state, Map.of());
            if (metrics.containsKey(metric)) {
                return metrics.get(metric);
            }
        }
        throw new CgloraException(
                ErrorCode.P_VALUE,
                run.name(),
                "has no metric '" + metric + "' after training",
                "it has "
                        + String.join(
                                ", ",
                                run.states().getOrDefault(RunRecord.TEST, Map.of()).keySet()));
    }
}
