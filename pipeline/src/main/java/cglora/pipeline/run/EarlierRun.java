package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.StageSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/// The folder of an earlier run that this one takes something from.
record EarlierRun(Path folder) {
    /// How far up a run's folder is from what lies in it: `exports/head/adapter`.
    private static final int DEPTH = 4;

    /// The run in whose folder something lies; empty for what is of no run.
    static Optional<EarlierRun> around(Path place) {
        Path folder = place.toAbsolutePath().normalize();
        for (int i = 0; i < DEPTH && folder != null; i++, folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve("run.json"))) {
                return Optional.of(new EarlierRun(folder));
            }
        }
        return Optional.empty();
    }

    /// Its `run.json`; missing where it cannot be read.
    private JsonNode about() {
        try {
            return JsonMapper.shared().readTree(folder.resolve("run.json").toFile());
        } catch (JacksonException _) {
            return MissingNode.getInstance();
        }
    }

    /// Whether it has read the same data files, by what is in them.
    private boolean hasReadTheDataOf(Inputs inputs) {
        Set<String> sums = new HashSet<>();
        about().path("sha256").properties().forEach(p -> sums.add(p.getValue().asString("")));
        Map<Path, String> ours = inputs.stamps().absoluteSha256();
        for (StageSpec stage : inputs.stages()) {
            if (!(stage instanceof DataSpec data)) {
                continue;
            }
            var files = new ArrayList<String>(DataFileNames.there(data.train()));
            files.addAll(DataFileNames.there(data.validation()));
            files.addAll(DataFileNames.there(data.test()));
            for (String file : files) {
                String sum = ours.get(Path.of(file).toAbsolutePath().normalize());
                if (sum != null && !sums.contains(sum)) {
                    return false;
                }
            }
        }
        return true;
    }

    /// What was made of other data is taken, but not without a word.
    void warnOfOtherData(Inputs inputs, String where, Problems notes) {
        if (!hasReadTheDataOf(inputs)) {
            notes.warning(
                    ErrorCode.R_CHANGED,
                    where,
                    "the run %s has read other data files than this one"
                            .formatted(RunReport.relative(folder)),
                    "");
        }
    }

    /// For a run's record: what it takes from elsewhere, with the SHA-256 of each file.
    static List<Map<String, Object>> taken(Inputs inputs) {
        var taken = new ArrayList<Map<String, Object>>();
        for (StageSpec stage : inputs.stages()) {
            switch (stage) {
                case AdapterSpec adapter when adapter.start() != null ->
                        taken.add(
                                record(
                                        inputs,
                                        stage,
                                        "start",
                                        EarlierStart.place(Path.of(adapter.start()))));
                case AdapterSpec adapter when adapter.from() != null ->
                        taken.add(
                                record(
                                        inputs,
                                        stage,
                                        "adapter",
                                        Predictor.place(Path.of(adapter.from()))));
                case CalibrateSpec calibrate when calibrate.from() != null ->
                        taken.add(
                                record(
                                        inputs,
                                        stage,
                                        "statistics",
                                        EarlierStatistics.of(Path.of(calibrate.from())).place()));
                case EvaluateSpec evaluate
                        when evaluate.from() != null && evaluate.from().folder() != null -> {
                    Path place = Predictor.place(Path.of(evaluate.from().folder()));
                    String what = Predictor.isWhole(place) ? "model" : "adapter";
                    taken.add(record(inputs, stage, what, place));
                }
                default -> {}
            }
        }
        return taken;
    }

    private static Map<String, Object> record(
            Inputs inputs, StageSpec stage, String what, Path place) {
        var record = new LinkedHashMap<String, Object>();
        record.put("stage", stage.id());
        record.put("what", what);
        record.put("place", RunReport.relative(place));
        around(place)
                .ifPresent(
                        run -> {
                            JsonNode about = run.about();
                            record.put("run", RunReport.relative(run.folder()));
                            for (String key : List.of("version", "commit", "engine", "seed")) {
                                if (about.has(key)) {
                                    record.put(key, about.path(key));
                                }
                            }
                            record.put("same_data", run.hasReadTheDataOf(inputs));
                        });
        Path folder = place.toAbsolutePath().normalize();
        var sums = new TreeMap<String, String>();
        inputs.stamps()
                .absoluteSha256()
                .forEach(
                        (file, sum) -> {
                            if (file.startsWith(folder)) {
                                sums.put(folder.relativize(file).toString(), sum);
                            }
                        });
        record.put("sha256", sums);
        return record;
    }
}
