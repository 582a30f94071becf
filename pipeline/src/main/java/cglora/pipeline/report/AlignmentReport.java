package cglora.pipeline.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// How near adapters, or the steps of one, come to a fully fine-tuned model.
///
/// @param reference the folder of the fully fine-tuned model
/// @param data      the examples that all of it was measured on
/// @param rows      in the order in which they are shown
public record AlignmentReport(String reference, String data, List<AlignmentRow> rows) {
    /// What the numbers mean, for people.
    static final String LEGEND =
            "f0: the base model with its head before the adapter. Distance: |f - f*| / |f0 - f*| on"
                    + " centred logits, 1 at the start of full fine-tuning, 0 at its end; in H: the"
                    + " same in the output metric of f0. Cosine: of f - f0 and f* - f0. KL: mean"
                    + " KL(f* | f) in nats. Agreement: share of examples, or of tokens, whose"
                    + " likeliest class, or token, is the same. Of tokens: those that count in the loss,"
                    + " each given the true ones in front of it.";

    /// What the layers' numbers mean.
    static final String LAYERS =
            "Share of full fine-tuning's update of a layer, |P dW*| / |dW*| in the K-FAC metric of"
                    + " f0 on the same examples: in the span of the adapter's factors {B C A}, and"
                    + " in what a small change of either reaches {B Y + Z A}.";

    public AlignmentReport {
        rows = List.copyOf(rows);
    }

    boolean hasLayers() {
        return rows.stream().anyMatch(row -> !row.layers().isEmpty());
    }

    /// The names of all layers, in their order.
    Iterable<String> layers() {
        var names = new TreeSet<String>(AlignmentReport::inOrder);
        rows.forEach(row -> names.addAll(row.layers().keySet()));
        return names;
    }

    /// Layer 2 before layer 10.
    private static int inOrder(String one, String other) {
        String[] left = one.split("\\.", -1);
        String[] right = other.split("\\.", -1);
        for (int i = 0; i < Math.min(left.length, right.length); i++) {
            boolean numbers = left[i].matches("\\d{1,9}") && right[i].matches("\\d{1,9}");
            int order =
                    numbers
                            ? Integer.compare(Integer.parseInt(left[i]), Integer.parseInt(right[i]))
                            : left[i].compareTo(right[i]);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(left.length, right.length);
    }

    /// One row as it is recorded: `distance`, `cosine`, `kl`, `agreement` and more; null for a
    /// number that does not exist, as the cosine of what has not moved.
    public static Map<String, Object> record(AlignmentRow row) {
        var record = new LinkedHashMap<String, Object>();
        if (row.step() != null) {
            record.put("step", row.step());
        }
        var p = row.predictions();
        record.put("distance", finite(p.relativeDistance()));
        record.put("cosine", finite(p.cosine()));
        record.put("kl", finite(p.kl()));
        record.put("agreement", finite(p.agreement()));
        record.put("distance_h", finite(p.relativeDistanceH()));
        record.put("distance_raw", finite(p.relativeDistanceRaw()));
        if (!row.layers().isEmpty()) {
            record.put("span", finite(row.whole().spanShare()));
            record.put("tangent", finite(row.whole().tangentShare()));
            var layers = new LinkedHashMap<String, Object>();
            row.layers()
                    .forEach(
                            (name, layer) -> {
                                var of = new LinkedHashMap<String, Object>();
                                of.put("update", finite(layer.update()));
                                of.put("span", finite(layer.spanShare()));
                                of.put("tangent", finite(layer.tangentShare()));
                                layers.put(name, of);
                            });
            record.put("layers", layers);
        }
        return record;
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
