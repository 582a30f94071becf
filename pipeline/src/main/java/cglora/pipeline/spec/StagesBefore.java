package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_STAGE;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.Suggestion;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What stands before a stage and takes part. Settings that are not as they are meant are not among
/// it: where a stage has some, it is null.
///
/// @param model         the model stage
/// @param data          the first data stage
/// @param dataStages    all data stages by their ids
/// @param adapter       the newest adapter stage
/// @param adapterIsSure whether its method is as it is meant
/// @param kinds         of all stages
record StagesBefore(
        ModelSpec model,
        DataSpec data,
        Map<String, DataSpec> dataStages,
        AdapterSpec adapter,
        boolean adapterIsSure,
        Set<String> kinds) {
    StagesBefore {
        dataStages = Collections.unmodifiableMap(new LinkedHashMap<>(dataStages));
        kinds = Set.copyOf(kinds);
    }

    boolean has(String kind) {
        return kinds.contains(kind);
    }

    /// Whether the model's answers are texts.
    boolean writes() {
        return model != null && model.task().writes();
    }

    /// Whether each word has a class of its own.
    boolean tags() {
        return model != null && model.task().tags();
    }

    /// Whether the model is known to have another task.
    boolean isOtherTask(ModelSpec.Task than) {
        return model != null && model.task() != than;
    }

    /// `'head_warmup' is not there for task CAUSAL_LM`.
    String notThere(String what) {
        return what + " is not there for task " + model.task().jsonName();
    }

    /// The data stage with an id.
    ///
    /// @param id null for the first one
    /// @return null where it is not as it is meant, or not there, which is an error
    DataSpec requireData(String id, StageProblems here) {
        if (id == null || !here.isSure("data")) {
            return data;
        }
        if (!dataStages.containsKey(id)) {
            String near = Suggestion.nearest(id, List.copyOf(dataStages.keySet()));
            here.error(
                    P_VALUE,
                    "data",
                    "no data stage before this one has the id '%s'; there are %s"
                            .formatted(id, String.join(", ", dataStages.keySet())),
                    near.isEmpty() ? "name one of them" : "did you mean '" + near + "'?");
        }
        return dataStages.get(id);
    }

    /// Tells where a data stage does not give what a stage measures on.
    ///
    /// @param from null where nothing is known of it
    static void requireSplit(
            StageSpec stage, DataSpec from, EvaluateSpec.Split split, StageProblems here) {
        if (from == null || !here.isSure("data")) {
            return;
        }
        boolean there =
                switch (split) {
                    case TRAIN -> from.train() != null;
                    case VALIDATION -> from.hasValidation();
                    case TEST -> from.test() != null;
                };
        if (!there) {
            here.error(
                    P_STAGE,
                    "data",
                    "stage '"
                            + stage.stage()
                            + "' measures on '"
                            + split.jsonName()
                            + "', which stage '"
                            + from.id()
                            + "' does not give",
                    "add it to stage '" + from.id() + "', or choose other \"data\"");
        }
    }
}
