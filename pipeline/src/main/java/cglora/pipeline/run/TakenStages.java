package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.JsonText;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// `run FILE --from STAGE --using RUN`: a pipeline whose first stages are taken from an earlier
/// run, said as settings of the pipeline, so that its record can be resumed and replayed like any
/// other. Model and data are read again; the newest of what the stages before STAGE make is taken:
/// statistics, an adapter as it starts, or a trained one.
///
/// @param set   settings that change, `adapter.start="/runs/a"`
/// @param unset settings that are taken out
/// @param notes settings of the stages taken that the earlier run had others of
public record TakenStages(List<String> set, List<String> unset, List<Problem> notes) {
    /// What an adapter stage keeps where it takes a trained adapter.
    private static final Set<String> KEPT = Set.of("id", "when", "lora_dropout", "bias");

    /// What may differ between a stage and the one that it is taken from.
    private static final Set<String> FREE = Set.of("when", "from", "keep", "start", "verify");

    public TakenStages {
        set = List.copyOf(set);
        unset = List.copyOf(unset);
        notes = List.copyOf(notes);
    }

    /// @param spec  the pipeline
    /// @param from  id of the stage that it begins with
    /// @param using folder of the earlier run
    /// @throws CgloraException P-USAGE for a stage that is not there or has nothing before it;
    ///     R-MISSING or M-PATH for a run that has not what is needed
    public static TakenStages of(PipelineSpec spec, String from, Path using) {
        return new Search(spec, from, using).search();
    }

    /// Looks for what is taken.
    private static final class Search {
        private final List<StageSpec> stages;
        private final String from;
        private final Path folder;
        private final PipelineSpec then;
        private final List<String> set = new ArrayList<>();
        private final List<String> unset = new ArrayList<>();
        private final Problems notes = new Problems();

        Search(PipelineSpec spec, String from, Path using) {
            this.stages = spec.stages().stream().filter(StageSpec::when).toList();
            this.from = from;
            requireStage();
            this.folder = folder(using);
            this.then =
                    PipelineReader.read(folder.resolve("pipeline.json"), Overrides.none()).spec();
        }

        private void requireStage() {
            List<String> ids = stages.stream().map(StageSpec::id).toList();
            if (!ids.contains(from)) {
                String near = Suggestion.nearest(from, ids);
                throw usage(
                        "no stage that takes part has the id '" + from + "'",
                        near.isEmpty()
                                ? "stages are " + String.join(", ", ids)
                                : "did you mean '" + near + "'?");
            }
        }

        private static CgloraException usage(String what, String fix) {
            return new CgloraException(ErrorCode.P_USAGE, "--from", what, fix);
        }

        private CgloraException missing(String what, String fix) {
            return new CgloraException(ErrorCode.M_PATH, folder.toString(), what, fix);
        }

        private static Path folder(Path using) {
            try {
                Path folder = using.toRealPath();
                if (Files.isRegularFile(folder.resolve("pipeline.json"))) {
                    return folder;
                }
            } catch (IOException _) {
                // not there: said below
            }
            throw new CgloraException(
                    ErrorCode.R_MISSING,
                    using.toString(),
                    "is no folder of a run: there is no pipeline.json in it",
                    "give the folder that cglora run has named");
        }

        TakenStages search() {
            List<StageSpec> before =
                    stages.stream().takeWhile(stage -> !stage.id().equals(from)).toList();
            StageSpec newest =
                    before.reversed().stream()
                            .filter(
                                    s ->
                                            s instanceof TrainSpec
                                                    || s instanceof AdapterSpec
                                                    || s instanceof CalibrateSpec)
                            .findFirst()
                            .orElseThrow(
                                    () ->
                                            usage(
                                                    "before stage '%s' nothing is computed that could"
                                                                    .formatted(from)
                                                            + " be taken",
                                                    "leave --from and --using out"));
            switch (newest) {
                case TrainSpec training -> trained(training, before);
                case AdapterSpec adapter -> start(adapter, before);
                case CalibrateSpec calibrate -> {
                    set.add(calibrate.id() + ".from=" + quoted(folder));
                    unset.add(calibrate.id() + ".keep");
                    compare(calibrate);
                    before.stream().filter(EvaluateSpec.class::isInstance).forEach(this::skip);
                }
                default -> throw new IllegalStateException("nothing is taken of " + newest);
            }
            return new TakenStages(set, unset, notes.warnings());
        }

        private void skip(StageSpec stage) {
            set.add(stage.id() + ".when=false");
        }

        /// As JSON, where `$` means itself.
        private static String quoted(Path path) {
            return JsonText.write(path.toString().replace("$", "$$")).strip();
        }

        private void start(AdapterSpec adapter, List<StageSpec> before) {
            for (StageSpec stage : before) {
                if (stage instanceof CalibrateSpec
                        || stage instanceof EvaluateSpec
                        || stage instanceof ExportSpec) {
                    skip(stage);
                }
            }
            if (adapter.from() != null || adapter.start() != null) {
                return; // it is taken already
            }
            if (!EarlierStart.isIn(folder)) {
                throw missing(
                        "the run has not kept how its adapter starts",
                        "run it with --set %s.keep=true, or begin with stage '%s'"
                                .formatted(adapter.id(), adapter.id()));
            }
            set.add(adapter.id() + ".start=" + quoted(folder));
            unset.add(adapter.id() + ".keep");
        }

        private void trained(TrainSpec training, List<StageSpec> before) {
            AdapterSpec adapter =
                    before.stream()
                            .filter(AdapterSpec.class::isInstance)
                            .map(AdapterSpec.class::cast)
                            .findFirst()
                            .orElse(null);
            if (adapter == null || adapter.method() == AdapterSpec.Method.FULL) {
                throw usage(
                        "stage '%s' trains the model's own weights, which no stage takes"
                                .formatted(training.id()),
                        "give the run's model as path of the model stage: "
                                + folder.resolve(ModelExport.FOLDER));
            }
            Path place = placeOf(training);
            for (StageSpec stage : before) {
                switch (stage) {
                    case ModelSpec _, DataSpec _ -> {}
                    case AdapterSpec _ -> compare(stage);
                    case TrainSpec _ -> {
                        compare(stage);
                        skip(stage);
                    }
                    case CalibrateSpec _, AlignSpec _, EvaluateSpec _, ExportSpec _ -> skip(stage);
                }
            }
            set.add(adapter.id() + ".from=" + quoted(place));
            for (String key : PipelineWriter.settings(adapter).keySet()) {
                if (!KEPT.contains(key) && !key.equals("from")) {
                    unset.add(adapter.id() + "." + key);
                }
            }
            stages.stream()
                    .skip(before.size())
                    .forEach(stage -> redirect(stage, training, adapter));
        }

        /// What a later stage takes from the training is the adapter at its start now.
        private void redirect(StageSpec stage, TrainSpec training, AdapterSpec adapter) {
            String source =
                    switch (stage) {
                        case TrainSpec later -> later.from();
                        case ExportSpec export -> export.from();
                        case EvaluateSpec evaluate when evaluate.from() != null ->
                                evaluate.from().stage();
                        default -> null;
                    };
            if (training.id().equals(source)) {
                set.add(stage.id() + ".from=" + adapter.id());
            }
        }

        /// Where the run has the adapter as it was behind a training.
        private Path placeOf(TrainSpec training) {
            if (!RunEvents.isFinished(folder, RunEvents.read(folder))) {
                throw new CgloraException(
                        ErrorCode.R_MISSING,
                        folder.toString(),
                        "the run did not come to its end",
                        "cglora resume " + folder);
            }
            List<StageSpec> theirs = then.stages().stream().filter(StageSpec::when).toList();
            List<String> trainings = new ArrayList<>();
            List<ExportSpec> exports = new ArrayList<>();
            Path found = null;
            for (StageSpec stage : theirs) {
                if (stage instanceof TrainSpec t) {
                    trainings.add(t.id());
                } else if (stage instanceof ExportSpec export) {
                    exports.add(export);
                }
            }
            if (!trainings.contains(training.id())) {
                throw missing(
                        "the run has no train stage '%s'; it has %s"
                                .formatted(training.id(), trainings),
                        "give a run of this pipeline");
            }
            String newest = null;
            for (StageSpec stage : theirs) {
                if (stage instanceof TrainSpec t) {
                    newest = t.id();
                } else if (stage instanceof ExportSpec export
                        && training.id().equals(export.from() == null ? newest : export.from())) {
                    found =
                            export == exports.getLast()
                                    ? folder
                                    : ExportStage.place(folder, export);
                }
            }
            boolean silent = exports.isEmpty() && trainings.getLast().equals(training.id());
            Path place = silent ? folder : found;
            if (place == null || !Files.isDirectory(place.resolve(ExportStage.ADAPTER))) {
                throw missing(
                        "the run has not kept the adapter as it was behind stage '%s'"
                                .formatted(training.id()),
                        "run it with {\"stage\": \"export\", \"id\": \"%s-adapter\", \"from\": \"%s\"}"
                                .formatted(training.id(), training.id()));
            }
            return place;
        }

        /// Settings of a stage that the earlier run had others of are those of the run.
        private void compare(StageSpec stage) {
            StageSpec earlier =
                    then.stages().stream()
                            .filter(s -> s.when() && s.id().equals(stage.id()))
                            .filter(s -> s.getClass() == stage.getClass())
                            .findFirst()
                            .orElse(null);
            if (earlier == null) {
                return;
            }
            Map<String, String> settings = new TreeMap<>(PipelineWriter.settings(stage));
            Map<String, String> before = PipelineWriter.settings(earlier);
            var differ = new HashSet<String>();
            settings.forEach(
                    (key, value) -> {
                        if (!FREE.contains(key) && !value.equals(before.get(key))) {
                            differ.add(key);
                        }
                    });
            differ.stream()
                    .sorted()
                    .forEach(
                            key ->
                                    notes.warning(
                                            ErrorCode.R_SETTING,
                                            stage.id() + "." + key,
                                            "is %s here, and %s in the run that the stage is taken from"
                                                    .formatted(settings.get(key), before.get(key)),
                                            ""));
        }
    }
}
