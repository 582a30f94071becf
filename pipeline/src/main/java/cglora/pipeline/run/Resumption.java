package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.checkpoint.Checkpoint;
import cglora.pipeline.checkpoint.CheckpointFolder;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/// Where a run that was killed or stopped goes on.
///
/// @param checkpoint null where there is none: the run starts over
record Resumption(Checkpoint checkpoint) {
    /// Settings that another value of does not change what is computed.
    private static final List<String> FREE =
            List.of("engine.", "output_dir", "name", "vars", "cglora");

    private static final List<String> FREE_IN_STAGES =
            List.of(
                    ".logging_steps",
                    ".save_steps",
                    ".save_total_limit",
                    ".verify",
                    ".metrics",
                    ".cache.folder",
                    ".cache.above");

    /// Settings that may be changed on purpose: the run then goes on in another way.
    private static final Set<String> CHANGEABLE =
            Set.of(
                    "epochs",
                    "max_steps",
                    "learning_rate",
                    "head_learning_rate",
                    "max_grad_norm",
                    "on_nan");

    /// Looks through the checkpoints of a run; changes nothing.
    ///
    /// @param asked the settings that the command line changes, by their paths
    /// @param notes is told of checkpoints that are damaged, and of settings that were changed
    /// @throws CgloraException R-CHANGED or R-SETTING with everything that is not as it was;
    ///     R-VERSION
    static Resumption of(
            Path folder, PipelineSpec spec, Inputs inputs, Set<String> asked, Problems notes) {
        Checkpoint found =
                new CheckpointFolder(folder.resolve(RunFolder.CHECKPOINTS)).newest(notes);
        if (found != null) {
            var problems = new Problems();
            requireSameFiles(found, inputs, problems);
            requireSameSettings(found, PipelineWriter.write(spec, folder), asked, problems);
            problems.throwIfAny();
            problems.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
        }
        return new Resumption(found);
    }

    private static void requireSameFiles(Checkpoint found, Inputs inputs, Problems problems) {
        Map<String, String> then = found.manifest().inputs();
        var now = new TreeMap<String, String>();
        inputs.stamps().absoluteSha256().forEach((file, sum) -> now.put(file.toString(), sum));
        var all = new TreeSet<>(then.keySet());
        all.addAll(now.keySet());
        for (String file : all) {
            String before = then.get(file);
            String after = now.get(file);
            if (!now.containsKey(file) || !then.containsKey(file) || !before.equals(after)) {
                problems.error(
                        ErrorCode.R_CHANGED,
                        file,
                        "is not what the run was started with: SHA-256 %s then, %s now"
                                .formatted(
                                        before == null ? "none" : before,
                                        after == null ? "none" : after),
                        "put it back, or start anew: cglora run");
            }
        }
    }

    private static void requireSameSettings(
            Checkpoint found, String text, Set<String> asked, Problems problems) {
        Map<String, String> then = settings(found.manifest().pipeline());
        Map<String, String> now = settings(text);
        var all = new TreeSet<>(then.keySet());
        all.addAll(now.keySet());
        for (String path : all) {
            String before = then.getOrDefault(path, "nothing");
            String after = now.getOrDefault(path, "nothing");
            boolean free =
                    FREE.stream().anyMatch(path::startsWith)
                            || FREE_IN_STAGES.stream().anyMatch(path::endsWith);
            if (free || before.equals(after)) {
                continue;
            }
            String what = "is %s, the run was started with %s".formatted(after, before);
            String name = path.substring(path.lastIndexOf('.') + 1);
            if (!CHANGEABLE.contains(name)) {
                problems.error(
                        ErrorCode.R_SETTING,
                        path,
                        what,
                        "take it back, or start anew: cglora run; --set may change "
                                + String.join(", ", new TreeSet<>(CHANGEABLE)));
            } else if (asked.contains(path) || isOtherLength(name) && isAsked(asked)) {
                problems.warning(
                        ErrorCode.R_SETTING, path, what + ": from here on it is another run", "");
            } else {
                problems.error(
                        ErrorCode.R_SETTING,
                        path,
                        what,
                        "cglora resume --set %s=%s where that is meant".formatted(path, after));
            }
        }
    }

    /// Of `epochs` and `max_steps` one takes the other's place.
    private static boolean isOtherLength(String name) {
        return name.equals("epochs") || name.equals("max_steps");
    }

    private static boolean isAsked(Set<String> asked) {
        return asked.stream().anyMatch(p -> p.endsWith(".epochs") || p.endsWith(".max_steps"));
    }

    /// Texts of all values by their paths, `train.learning_rate`.
    private static Map<String, String> settings(String pipeline) {
        JsonNode root = JsonMapper.shared().readTree(pipeline);
        var settings = new LinkedHashMap<String, String>();
        root.properties()
                .forEach(
                        p -> {
                            if (!p.getKey().equals("stages")) {
                                flatten(p.getKey(), p.getValue(), settings);
                            }
                        });
        for (JsonNode stage : root.path("stages")) {
            String id = stage.path("id").asString(stage.path("stage").asString(""));
            stage.properties().forEach(p -> flatten(id + "." + p.getKey(), p.getValue(), settings));
        }
        return settings;
    }

    private static void flatten(String path, JsonNode value, Map<String, String> settings) {
        if (value.isObject() && !value.isEmpty()) {
            value.properties()
                    .forEach(p -> flatten(path + "." + p.getKey(), p.getValue(), settings));
        } else {
            settings.put(path, value.toString());
        }
    }

    /// The step behind which it goes on; 0 for the start.
    int step() {
        return checkpoint == null ? 0 : checkpoint.step();
    }

    /// Seconds that the run took up to there.
    double seconds() {
        return checkpoint == null ? 0 : checkpoint.manifest().seconds();
    }

    /// Adds to the run's record how it was started, and where it went on.
    void recordTo(Map<String, Object> record, RunFolder folder) {
        var again = new LinkedHashMap<String, Object>();
        again.put("argv", record.get("argv"));
        again.put("time", Instant.now().toString());
        again.put("step", step());
        var resumed = new ArrayList<Object>();
        JsonNode before = before(folder.resolve("run.json"));
        before.path("resumed").forEach(resumed::add);
        resumed.add(again);
        if (before.has("argv")) {
            record.put("argv", before.path("argv"));
        }
        record.put("resumed", resumed);
    }

    private static JsonNode before(Path file) {
        try {
            return Files.exists(file)
                    ? JsonMapper.shared().readTree(file.toFile())
                    : MissingNode.getInstance();
        } catch (JacksonException e) {
            return MissingNode.getInstance(); // written anew
        }
    }

    /// What the run shows of it.
    String describe() {
        return checkpoint == null
                ? "there is no whole checkpoint: starts over"
                : "goes on after step %d, from %s"
                        .formatted(checkpoint.step(), RunReport.relative(checkpoint.path()));
    }
}
