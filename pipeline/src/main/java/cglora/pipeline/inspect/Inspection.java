package cglora.pipeline.inspect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a path is.
///
/// @param title   `bert model  models/minilm`
/// @param facts   what is known of it, by name: texts, numbers, lists and maps
/// @param tensors what it holds; empty for what holds none
public record Inspection(String title, Map<String, Object> facts, List<Tensor> tensors) {
    /// @param dtype element type, as the file says
    /// @param note  what else is to be said of it; may be empty
    public record Tensor(String name, String dtype, long[] shape, String note) {}

    public Inspection {
        facts = new LinkedHashMap<>(facts);
        tensors = List.copyOf(tensors);
    }

    /// Lines for people.
    public List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(title);
        facts.forEach((name, value) -> lines.add("  %-14s %s".formatted(name, value)));
        for (Tensor tensor : tensors) {
            lines.add(
                    "%-60s %-5s %s%s"
                            .formatted(
                                    tensor.name(),
                                    tensor.dtype(),
                                    Arrays.toString(tensor.shape()),
                                    tensor.note().isEmpty() ? "" : "  " + tensor.note()));
        }
        if (!tensors.isEmpty()) {
            long elements =
                    tensors.stream()
                            .mapToLong(t -> Arrays.stream(t.shape()).reduce(1, (a, b) -> a * b))
                            .sum();
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "%d tensors, %.2f M elements",
                            tensors.size(),
                            elements / 1e6));
        }
        return lines;
    }

    /// The same for programs: plain maps, lists and values.
    public Map<String, Object> record() {
        var record = new LinkedHashMap<String, Object>();
        record.put("what", title);
        record.putAll(facts);
        record.put(
                "tensors",
                tensors.stream()
                        .map(
                                t -> {
                                    var of = new LinkedHashMap<String, Object>();
                                    of.put("name", t.name());
                                    of.put("dtype", t.dtype());
                                    of.put("shape", t.shape());
                                    if (!t.note().isEmpty()) {
                                        of.put("note", t.note());
                                    }
                                    return of;
                                })
                        .toList());
        return record;
    }
}
