package cglora.pipeline.run;

import cglora.models.metric.EntityCounts;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The metrics of a run, as they are recorded and as the final table shows them.
final class RunReport {
    private final RunFolder folder;
    private final PrintStream out;
    private final long startNanos = System.nanoTime();
    private final Map<String, Object> metrics = new LinkedHashMap<>();
    private final List<Map<String, Object>> entities = new ArrayList<>();
    private final List<String> table = new ArrayList<>();
    private double earlierSeconds;

    RunReport(RunFolder folder, PrintStream out) {
        this.folder = folder;
        this.out = out;
    }

    /// Records what was measured in one state of the model: "head only". What is measured of the
    /// same state later is added.
    void remember(String state, Map<String, Double> values) {
        var all = new LinkedHashMap<String, Object>();
        if (metrics.get(state) instanceof Map<?, ?> before) {
            before.forEach((name, value) -> all.put((String) name, value));
        }
        all.putAll(values);
        metrics.put(state, all);
        var line = new StringBuilder("%-22s".formatted(state));
        values.forEach(
                (metric, value) ->
                        line.append(String.format(Locale.ROOT, "  %s %.4f", metric, value)));
        table.add(line.toString());
        var event = new LinkedHashMap<String, Object>(all);
        event.put("state", state);
        folder.event("eval", event);
    }

    /// Records how many entities of each type there are in one state of the model, were found, and
    /// were right.
    ///
    /// @param byType empty for nothing to record
    void rememberEntities(String state, Map<String, EntityCounts> byType) {
        if (byType.isEmpty()) {
            return;
        }
        var types = new ArrayList<Map<String, Object>>();
        byType.forEach(
                (type, counts) -> {
                    var of = new LinkedHashMap<String, Object>();
                    of.put("type", type);
                    of.put("entities", counts.actual());
                    of.put("found", counts.predicted());
                    of.put("right", counts.right());
                    of.putAll(counts.metrics());
                    types.add(of);
                });
        entities.removeIf(of -> of.get("state").equals(state));
        entities.add(Map.of("state", state, "types", types));
        metrics.put("entities", entities);
        folder.event("entities", Map.of("state", state, "types", types));
    }

    /// Takes on a run that has taken some time already.
    void after(double seconds) {
        earlierSeconds = seconds;
    }

    /// Seconds since the run began, without those between two processes of it.
    double seconds() {
        return earlierSeconds + (System.nanoTime() - startNanos) * 1e-9;
    }

    /// Records what is no metric of one state.
    void record(String key, Object value) {
        metrics.put(key, value);
    }

    /// A line of the final table.
    void line(String title, String text) {
        table.add("%-22s  %s".formatted(title, text));
    }

    static String describe(Map<String, Double> values) {
        var text = new StringBuilder();
        values.forEach(
                (name, value) -> text.append(String.format(Locale.ROOT, "%s %.4f  ", name, value)));
        return text.toString().stripTrailing();
    }

    /// Writes `metrics.json` and prints the table and the next command.
    ///
    /// @param run     as it is at its end
    /// @param planned the stage that takes most memory; null for no plan
    void finish(RunState run, MemoryPlan planned) {
        double seconds = seconds();
        metrics.put("seconds", seconds);
        if (run.start != null) {
            metrics.put(
                    "initialisation",
                    Map.of(
                            "seconds", run.effort.seconds(),
                            "calibrate_seconds", run.effort.calibrateSeconds(),
                            "adapter_seconds", run.effort.adapterSeconds(),
                            "planned_mib", run.startMiB));
        }
        metrics.put(
                "warnings",
                run.notes.warnings().stream()
                        .distinct()
                        .map(w -> Map.of("code", w.code(), "where", w.where(), "what", w.what()))
                        .toList());
        metrics.put("peak_rss_mib", PeakMemory.residentMiB());
        String plan = "";
        if (planned != null) {
            metrics.put("planned_peak_mib", planned.mib());
            plan = String.format(Locale.ROOT, ", planned %.0f", planned.mib());
        }
        folder.writeJson("metrics.json", metrics);
        String reason = run.interrupted ? "interrupted" : "done";
        folder.event("end", Map.of("exit", run.status(), "reason", reason, "seconds", seconds));
        if (!run.isCell) {
            folder.markLatest();
        }
        table.forEach(out::println);
        out.printf(
                Locale.ROOT,
                "%s   %s   peak memory %.0f MiB%s   run %s%n",
                reason,
                Progress.time(seconds),
                PeakMemory.residentMiB(),
                plan,
                relative(folder.path()));
        if (run.interrupted && Files.isDirectory(folder.resolve(RunFolder.CHECKPOINTS))) {
            out.printf("resume: cglora resume %s%n", relative(folder.path()));
        }
        Path written = run.adapterPath != null ? run.adapterPath : run.modelPath;
        if (written != null) {
            out.printf(
                    "%-7s %s%n", run.adapterPath != null ? "adapter" : "model", relative(written));
            out.printf("next: cglora predict %s --text \"...\"%n", relative(written));
        }
    }

    /// The last metrics of a finished run, in one line.
    static String outcome(Path run) {
        JsonNode all = JsonMapper.shared().readTree(run.resolve("metrics.json").toFile());
        var text = new StringBuilder();
        all.properties().stream()
                .filter(p -> p.getKey().startsWith("after training"))
                .forEach(
                        p -> {
                            text.append(text.isEmpty() ? "" : "; ")
                                    .append(p.getKey().substring("after training, ".length()));
                            p.getValue()
                                    .properties()
                                    .forEach(
                                            m ->
                                                    text.append(
                                                            String.format(
                                                                    Locale.ROOT,
                                                                    " %s %.4f",
                                                                    m.getKey(),
                                                                    m.getValue().asDouble())));
                        });
        return text.toString();
    }

    /// The path as seen from the current folder, where it is inside.
    static String relative(Path path) {
        Path here = Path.of("").toAbsolutePath();
        Path absolute = path.toAbsolutePath().normalize();
        return absolute.startsWith(here)
                ? here.relativize(absolute).toString()
                : absolute.toString();
    }
}
