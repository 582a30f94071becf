package cglora.models.whitening;

import cglora.models.curvature.WhiteningReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Counts for a [WhiteningReport].
final class Tally {
    private final Map<String, List<String>> left = new LinkedHashMap<>();
    private int layers;
    private int roots;
    private int products;
    private double residual;

    void served() {
        layers++;
    }

    void add(EngineRoot.Made root) {
        roots++;
        products += root.products();
        residual = Math.max(residual, root.residual());
    }

    void leave(String module, UnservedException why) {
        left.computeIfAbsent(why.getMessage(), _ -> new ArrayList<>()).add(module);
    }

    WhiteningReport report() {
        return new WhiteningReport("engine", layers, roots, products, residual, left);
    }
}
