package cglora.pipeline.compare;

import java.util.List;
import java.util.Locale;

/// A method at all its rates.
///
/// @param name   its values of the settings that make a method
/// @param rates  from the smallest to the largest
/// @param chosen the best on the validation split
public record Method(String name, List<Rate> rates, Rate chosen) {
    public Method {
        rates = List.copyOf(rates);
    }

    /// A rate to try beyond the grid's edge where the chosen one lies on it; empty where it
    /// does not, or where there is only one.
    public String beyondEdge() {
        int at = rates.indexOf(chosen);
        int last = rates.size() - 1;
        if (last < 1 || at > 0 && at < last) {
            return "";
        }
        double edge = GridComparison.number(chosen.value());
        double next = GridComparison.number(rates.get(at == 0 ? 1 : last - 1).value());
        double beyond = edge * edge / next;
        return Double.isFinite(beyond)
                ? String.format(Locale.ROOT, "try %s", Rate.shorten(beyond))
                : "";
    }
}
