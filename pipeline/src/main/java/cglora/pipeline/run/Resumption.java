package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.checkpoint.Checkpoint;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import cglora.pipeline.spec.TrainSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
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
/// @param checkpoints of the trainings that had begun, by their ids and in their order: all but the
///     last of them had come to their ends; empty where the run starts over
/// @param step        of the run, behind which it goes on; 0 for the start
record Resumption(Map<String, Checkpoint> checkpoints, int step) {
    Resumption {
        checkpoints = Collections.unmodifiableMap(new LinkedHashMap<>(checkpoints));
    }

    /// Settings of the pipeline itself that another value of does not change what is computed.
    private static final Set<String> FREE =
            Set.of("engine", "output_dir", "name", "vars", "cglora");

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
        var found = new LinkedHashMap<String, Checkpoint>();
        int step = 0;
        for (TrainSpec training : inputs.trainings()) {
            Checkpoint newest = Checkpoints.folder(folder, inputs, training).newest(notes);
            if (newest == null) {
                break;
            }
            found.put(training.id(), newest);
            step = TrainerOptions.stepsBefore(inputs, training) + newest.step();
            if (newest.step() < TrainerOptions.of(inputs, training).steps()) {
                break;
            }
        }
        if (!found.isEmpty()) {
            var problems = new Problems();
            Checkpoint last = List.copyOf(found.values()).getLast();
            requireSameFiles(last, inputs, problems);
            requireSameSettings(last, PipelineWriter.write(spec, folder), asked, problems);
            requireNothingBehind(folder, inputs, found.keySet(), asked, problems);
            problems.throwIfAny();
            problems.warnings().forEach(w -> notes.warning(w.code(), w.where(), w.what(), w.fix()));
        }
        return new Resumption(found, step);
    }

    /// The same for a cell of a grid: one that is not what it was begins anew.
    ///
    /// @return null where it does
    static Resumption ofCell(Path folder, PipelineSpec spec, Inputs inputs) {
        if (!Files.isRegularFile(folder.resolve("pipeline.json"))) {
            return null;
        }
        try {
            Resumption found = of(folder, spec, inputs, Set.of(), new Problems());
            return found.isStart() ? null : found;
        } catch (CgloraException e) {
            return null; // files or settings have changed, or the checkpoint is another version's
        }
    }

    /// A training on whose end another has gone on stays as it is.
    private static void requireNothingBehind(
            Path folder, Inputs inputs, Set<String> found, Set<String> asked, Problems problems) {
        List<TrainSpec> trainings = inputs.trainings();
        for (int i = 0; i < trainings.size(); i++) {
            String id = trainings.get(i).id();
            boolean followed =
                    trainings.subList(i + 1, trainings.size()).stream()
                            .anyMatch(
                                    later ->
                                            found.contains(later.id())
                                                    || !Checkpoints.folder(folder, inputs, later)
                                                            .isEmpty());
            asked.stream()
                    .filter(path -> followed && path.startsWith(id + "."))
                    .filter(path -> FREE_IN_STAGES.stream().noneMatch(path::endsWith))
                    .forEach(
                            path ->
                                    problems.error(
                                            ErrorCode.R_SETTING,
                                            path,
                                            "training '%s' is over, and another has gone on behind it"
                                                    .formatted(id),
                                            "take it back, or start anew: cglora run"));
        }
    }

    /// The checkpoint that a training goes on from; null for none.
    Checkpoint of(TrainSpec training) {
        return checkpoints.get(training.id());
    }

    /// Whether the run starts over.
    boolean isStart() {
        return checkpoints.isEmpty();
    }

    /// The checkpoint behind which nothing is known; null for none.
    private Checkpoint last() {
        return isStart() ? null : List.copyOf(checkpoints.values()).getLast();
    }

    /// Removes what was being written when the run ended, and sets aside checkpoints of later steps
    /// and of trainings that have to begin again.
    ///
    /// @param notes is told of all that
    void tidy(Path folder, Inputs inputs, Problems notes) {
        for (TrainSpec training : inputs.trainings()) {
            Checkpoint from = of(training);
            Checkpoints.folder(folder, inputs, training)
                    .tidy(from == null ? 0 : from.step(), notes);
        }
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
        Set<String> free = free(text);
        free.addAll(free(found.manifest().pipeline()));
        var all = new TreeSet<>(then.keySet());
        all.addAll(now.keySet());
        for (String path : all) {
            String before = then.getOrDefault(path, "nothing");
            String after = now.getOrDefault(path, "nothing");
            // a setting that an older version did not know, and that is off
            boolean isNew = !then.containsKey(path) && List.of("null", "false").contains(after);
            if (free.contains(path) || isNew || before.equals(after)) {
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
    static Map<String, String> settings(String pipeline) {
        JsonNode root = JsonMapper.shared().readTree(pipeline);
        var settings = new LinkedHashMap<String, String>();
        root.properties().stream()
                .filter(p -> !p.getKey().equals("stages"))
                .forEach(p -> flatten(p.getKey(), p.getValue(), settings));
        settings.putAll(ofStages(root));
        return settings;
    }

    private static Map<String, String> ofStages(JsonNode root) {
        var settings = new LinkedHashMap<String, String>();
        for (JsonNode stage : root.path("stages")) {
            String id = stage.path("id").asString(stage.path("stage").asString(""));
            stage.properties().forEach(p -> flatten(id + "." + p.getKey(), p.getValue(), settings));
        }
        return settings;
    }

    /// Paths of the settings that may be others. Whole names count: a stage may be called `names`
    /// or `engine`, and its settings are no less its own.
    private static Set<String> free(String pipeline) {
        JsonNode root = JsonMapper.shared().readTree(pipeline);
        var top = new LinkedHashMap<String, String>();
        root.properties().stream()
                .filter(p -> FREE.contains(p.getKey()))
                .forEach(p -> flatten(p.getKey(), p.getValue(), top));
        Set<String> stages = ofStages(root).keySet();
        var free = new TreeSet<>(top.keySet());
        free.removeAll(stages);
        stages.stream()
                .filter(path -> FREE_IN_STAGES.stream().anyMatch(path::endsWith))
                .forEach(free::add);
        return free;
    }

    private static void flatten(String path, JsonNode value, Map<String, String> settings) {
        if (value.isObject() && !value.isEmpty()) {
            value.properties()
                    .forEach(p -> flatten(path + "." + p.getKey(), p.getValue(), settings));
        } else {
            settings.put(path, value.toString());
        }
    }

    /// Seconds that the run took up to there.
    double seconds() {
        return isStart() ? 0 : last().manifest().seconds();
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
        return isStart()
                ? "there is no whole checkpoint: starts over"
                : "goes on after step %d, from %s"
                        .formatted(step, RunReport.relative(last().path()));
    }
}
