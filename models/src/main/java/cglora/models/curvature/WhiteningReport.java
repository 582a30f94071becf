package cglora.models.curvature;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What an arithmetic computed, and what it left to the host.
///
/// @param arithmetic `host` or `engine`
/// @param layers     that the engine served
/// @param roots      of their factors, a factor that several layers share once
/// @param products   of these roots, [size, size] by [size, size]
/// @param residual   the largest `‖Z Â Z Ω − Ω‖ / ‖Ω‖` of an inverse root `Z` on random columns
///     `Ω`; 0 where there is none
/// @param left       the layers that went to the host in spite of it, by the reason
public record WhiteningReport(
        String arithmetic,
        int layers,
        int roots,
        int products,
        double residual,
        Map<String, List<String>> left) {
    static final WhiteningReport HOST = new WhiteningReport("host", 0, 0, 0, 0, Map.of());

    public WhiteningReport {
        var copy = new LinkedHashMap<String, List<String>>();
        left.forEach((reason, modules) -> copy.put(reason, List.copyOf(modules)));
        left = copy;
    }
}
