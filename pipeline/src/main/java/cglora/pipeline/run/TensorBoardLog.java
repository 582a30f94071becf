package cglora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Puts the numbers of a run's events into a file for TensorBoard: `train/loss`,
/// `train/learning_rate`, `validation/accuracy`, `final test/accuracy` and so on. There is no
/// file before the first.
final class TensorBoardLog implements AutoCloseable {
    private static final Map<String, String> OF_STEPS =
            Map.of("loss", "loss", "lr", "learning_rate", "grad_norm", "grad_norm");
    private static final Set<String> OF_ALIGNMENT = Set.of("distance", "cosine", "kl", "agreement");
    private static final String FINAL = "after training, ";

    private final Path folder;
    private TensorBoardFile file;
    private long lastStep;

    TensorBoardLog(Path folder) {
        this.folder = folder;
    }

    /// @param kind   of the event
    /// @param values as they are recorded
    void event(String kind, Map<String, ?> values) throws IOException {
        if (values.get("step") instanceof Number step) {
            lastStep = step.longValue();
        }
        var scalars = new LinkedHashMap<String, Double>();
        values.forEach(
                (key, value) -> {
                    String tag = value instanceof Number ? tag(kind, key, values) : "";
                    if (!tag.isEmpty()) {
                        scalars.put(tag, ((Number) value).doubleValue());
                    }
                });
        if (scalars.isEmpty()) {
            return;
        }
        if (file == null) {
            boolean goesOn = hasFile();
            file = TensorBoardFile.in(folder);
            if (goesOn) {
                file.restart(lastStep);
            }
        }
        file.scalars(lastStep, scalars);
    }

    /// Whether an earlier process has written one.
    private boolean hasFile() throws IOException {
        try (var files = Files.list(folder)) {
            return files.anyMatch(f -> f.getFileName().toString().contains(".tfevents."));
        }
    }

    /// Empty for what has no place in a curve over the steps.
    private static String tag(String kind, String key, Map<String, ?> values) {
        boolean stepped = values.containsKey("step") && !key.equals("step");
        if (kind.equals("step")) {
            return OF_STEPS.containsKey(key) ? "train/" + OF_STEPS.get(key) : "";
        }
        if (kind.equals("align")) {
            return stepped && OF_ALIGNMENT.contains(key) ? "alignment/" + key : "";
        }
        if (!kind.equals("eval")) {
            return "";
        }
        if (stepped) {
            return "validation/" + key;
        }
        return values.get("state") instanceof String state && state.startsWith(FINAL)
                ? "final " + state.substring(FINAL.length()) + "/" + key
                : "";
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
