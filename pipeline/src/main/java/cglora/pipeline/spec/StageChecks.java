package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_STAGE;

import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What must hold between stages: each has an id of its own and stands behind those that it needs.
/// What must hold between the settings of one stage is said by the rules of its kind.
final class StageChecks {
    private final Problems problems;
    private final Map<String, ObjectValue> ids = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private final StageOutputs outputs;
    private ModelSpec model;
    private DataSpec data;

    /// The data stages so far by their ids, null where one is not as it is meant.
    private final Map<String, DataSpec> dataStages = new LinkedHashMap<>();
    private AdapterSpec adapter;
    private boolean adapterIsSure = true;

    StageChecks(Problems problems) {
        this.problems = problems;
        this.outputs = new StageOutputs(problems);
    }

    /// Checks all stages and settles what only their neighbours decide. Of a setting that is wrong
    /// by itself nothing more is said.
    ///
    /// @param drafts the stages in order, null where one could not be bound
    /// @return the stages to run; of no use when there were errors
    List<StageSpec> check(ObjectValue root, List<PipelineDraft.Stage> drafts) {
        var settled = new ArrayList<StageSpec>();
        if (!(root.get("stages") instanceof ArrayValue list)) {
            return settled;
        }
        for (JsonValue item : list.items()) {
            if (item instanceof ObjectValue tree
                    && tree.get("stage") instanceof StringValue(_, String kind)) {
                outputs.know(Merge.id(tree), kind);
            }
        }
        for (int i = 0; i < list.items().size(); i++) {
            if (!(list.items().get(i) instanceof ObjectValue tree
                    && tree.get("stage") instanceof StringValue(_, String kind)
                    && StageSpec.TYPES.containsKey(kind))) {
                continue;
            }
            uniqueId(tree);
            PipelineDraft.Stage draft = i < drafts.size() ? drafts.get(i) : null;
            StageSpec spec = draft == null ? null : draft.spec();
            boolean skipped = tree.get("when") instanceof BooleanValue(_, boolean on) && !on;
            if (skipped) {
                outputs.passed(Merge.id(tree), kind, false);
                if (spec != null) {
                    settled.add(spec);
                }
                continue;
            }
            order(tree, kind, list);
            StagesBefore before = before();
            seen.add(kind);
            if (kind.equals(DataSpec.STAGE)) {
                dataStages.put(Merge.id(tree), null);
            } else if (kind.equals(ModelSpec.STAGE)) {
                model = null;
            }
            if (spec != null) {
                settled.add(settle(spec, before, new StageProblems(problems, tree, draft)));
            }
            outputs.passed(Merge.id(tree), kind, true);
        }
        return List.copyOf(settled);
    }

    private void uniqueId(ObjectValue tree) {
        String id = Merge.id(tree);
        ObjectValue first = ids.putIfAbsent(id, tree);
        if (first != null) {
            problems.error(
                    P_STAGE,
                    tree.origin().toString(),
                    "two stages have the id '" + id + "', the other at " + first.origin(),
                    "give one of them an \"id\" of its own");
        }
    }

    private void order(ObjectValue tree, String kind, ArrayValue list) {
        for (StageOutput output : StageOutput.neededBy(kind)) {
            String needed = output.maker();
            // without an adapter stage the model itself is trained and exported
            if (output.givers().stream().anyMatch(seen::contains)) {
                continue;
            }
            boolean later =
                    list.items().stream()
                            .anyMatch(
                                    item ->
                                            item instanceof ObjectValue stage
                                                    && stage.get("stage")
                                                            instanceof StringValue(_, String name)
                                                    && name.equals(needed)
                                                    && !(stage.get("when")
                                                                    instanceof
                                                                    BooleanValue(_, boolean on)
                                                            && !on));
            problems.error(
                    P_STAGE,
                    tree.origin().toString(),
                    "stage '"
                            + kind
                            + "' needs a stage '"
                            + needed
                            + "' before it"
                            + (later ? ", which comes later" : ""),
                    later
                            ? "move '" + needed + "' up"
                            : "add {\"stage\": \"" + needed + "\", ...} before it");
        }
    }

    private StagesBefore before() {
        return new StagesBefore(model, data, dataStages, adapter, adapterIsSure, seen);
    }

    private StageSpec settle(StageSpec spec, StagesBefore before, StageProblems here) {
        return switch (spec) {
            case ModelSpec stage -> {
                ModelRules.check(stage, here);
                model = here.isSure("problem_type") ? stage : null;
                yield stage;
            }
            case DataSpec stage -> {
                DataRules.check(stage, before, here);
                boolean sure = here.isSure("train", "validation", "test", "validation_split");
                data = dataStages.size() > 1 ? data : sure ? stage : null;
                dataStages.put(stage.id(), sure ? stage : null);
                yield stage;
            }
            case CalibrateSpec stage -> {
                CalibrateRules.check(stage, before, here);
                yield stage.withFrom(StageOutputs.real(stage.from()));
            }
            case AdapterSpec given -> {
                AdapterSpec stage = given.from() == null ? given : given.taken();
                AdapterRules.checkTaken(given, stage, here);
                AdapterRules.check(stage, before, here);
                adapter = stage;
                adapterIsSure = here.isSure("method", "from");
                yield stage.withEarlier(
                        StageOutputs.real(stage.from()), StageOutputs.real(stage.start()));
            }
            case AlignSpec stage -> {
                AlignRules.check(stage, before, here);
                yield stage.withReference(StageOutputs.real(stage.reference()));
            }
            case TrainSpec stage -> {
                outputs.requireAdapter(stage.from(), here.origin("from"));
                yield TrainRules.settle(stage, before, here);
            }
            case EvaluateSpec stage -> {
                AdapterSource from = stage.from();
                if (from != null) {
                    outputs.requireAdapter(from.stage(), here.origin("from"));
                }
                EvaluateRules.check(stage, before, here);
                yield from == null
                        ? stage
                        : stage.withFrom(
                                new AdapterSource(from.stage(), StageOutputs.real(from.folder())));
            }
            case ExportSpec stage -> {
                outputs.requireAdapter(stage.from(), here.origin("from"));
                yield stage;
            }
        };
    }
}
