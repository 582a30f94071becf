package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;
import static cglora.kernels.error.ErrorCode.P_STAGE;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.models.tokenizer.Truncation;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/// What must hold between stages and between settings of one stage.
final class StageChecks {
    private static final Set<String> CLASSIFICATION =
            new TreeSet<>(Set.of("accuracy", "f1", "f1_macro", "loss", "matthews_correlation"));
    private static final Set<String> REGRESSION =
            new TreeSet<>(Set.of("loss", "mae", "mse", "pearson", "spearman"));

    private static final Set<String> WRITING =
            new TreeSet<>(Set.of("exact_match", "loss", "perplexity", "token_accuracy"));

    private static final Set<String> TAGGING =
            new TreeSet<>(Set.of("f1", "loss", "precision", "recall", "token_accuracy"));

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
    private Set<String> unsure = Set.of();

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
            unsure = draft == null ? Set.of() : draft.unsure();
            boolean skipped = tree.get("when") instanceof BooleanValue(_, boolean on) && !on;
            if (skipped) {
                outputs.passed(Merge.id(tree), kind, false);
                if (spec != null) {
                    settled.add(spec);
                }
                continue;
            }
            order(tree, kind, list);
            seen.add(kind);
            if (kind.equals(DataSpec.STAGE)) {
                dataStages.put(Merge.id(tree), null);
            } else if (kind.equals(ModelSpec.STAGE)) {
                model = null;
            }
            if (spec != null) {
                settled.add(settle(spec, tree));
            }
            outputs.passed(Merge.id(tree), kind, true);
        }
        return List.copyOf(settled);
    }

    /// Whether these settings of the stage at hand are as they are meant.
    private boolean isSure(String... keys) {
        return Collections.disjoint(unsure, Set.of(keys));
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

    private StageSpec settle(StageSpec spec, ObjectValue tree) {
        return switch (spec) {
            case ModelSpec stage -> {
                checkModel(stage, tree);
                model = isSure("problem_type") ? stage : null;
                yield stage;
            }
            case DataSpec stage -> {
                checkData(stage, tree);
                boolean sure = isSure("train", "validation", "test", "validation_split");
                data = dataStages.size() > 1 ? data : sure ? stage : null;
                dataStages.put(stage.id(), sure ? stage : null);
                yield stage;
            }
            case CalibrateSpec stage -> {
                checkCalibrate(stage, tree);
                yield stage.withFrom(StageOutputs.real(stage.from()));
            }
            case AdapterSpec given -> {
                AdapterSpec stage = given.from() == null ? given : given.taken();
                checkTaken(given, stage, tree);
                checkAdapter(stage, tree);
                adapter = stage;
                adapterIsSure = isSure("method", "from");
                yield stage.withEarlier(
                        StageOutputs.real(stage.from()), StageOutputs.real(stage.start()));
            }
            case AlignSpec stage -> {
                checkAlign(stage, tree);
                yield stage.withReference(StageOutputs.real(stage.reference()));
            }
            case TrainSpec stage -> settleTrain(stage, tree);
            case EvaluateSpec stage -> {
                checkEvaluate(stage, tree);
                AdapterSource from = stage.from();
                yield from == null
                        ? stage
                        : stage.withFrom(
                                new AdapterSource(from.stage(), StageOutputs.real(from.folder())));
            }
            case ExportSpec stage -> {
                outputs.requireAdapter(stage.from(), origin(tree, "from"));
                yield stage;
            }
        };
    }

    private void checkSketched(CalibrateSpec stage, ObjectValue tree) {
        if (stage.form() != CalibrateSpec.Form.SKETCHED) {
            return;
        }
        if (isSure("fisher") && stage.fisher() != CalibrateSpec.Fisher.EMPIRICAL) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "form"),
                    "form 'sketched' takes its labels from the data, found fisher '"
                            + stage.fisher().jsonName()
                            + "'",
                    "\"fisher\": \"empirical\", or \"form\": \"factored\"");
        }
        if (isSure("sharing") && stage.sharing() != CalibrateSpec.Sharing.EXPAND) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "form"),
                    "form 'sketched' takes every token for an example, found sharing '"
                            + stage.sharing().jsonName()
                            + "'",
                    "\"sharing\": \"expand\", or \"form\": \"factored\"");
        }
        if (stage.tokens() != null) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "form"),
                    "form 'sketched' takes all tokens, found tokens " + stage.tokens(),
                    "leave tokens out, or \"form\": \"factored\"");
        }
    }

    private void checkData(DataSpec stage, ObjectValue tree) {
        checkColumns(stage, tree);
        if (isSure("train", "validation", "test")
                && stage.train() == null
                && stage.validation() == null
                && stage.test() == null) {
            problems.error(
                    P_VALUE,
                    tree.origin().toString(),
                    "none of train, validation and test is given",
                    "add \"train\": a file, or \"" + DataSpec.WORDNET_GLOSSES + "\"");
        }
        if (stage.validation() != null && stage.validationSplit() != null) {
            conflict(tree, "validation_split", "validation", "keep one of them");
        }
        if (isSure("train") && stage.validationSplit() != null && stage.train() == null) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "validation_split"),
                    "validation_split takes a share of train, which is not given",
                    "add \"train\"");
        }
        if (stage.labels() != null
                && model != null
                && model.problemType() == ModelSpec.ProblemType.REGRESSION) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "labels"),
                    "a regression has no label names",
                    "take \"labels\" out, or set problem_type");
        }
        if (model != null
                && model.task() == ModelSpec.Task.CAUSAL_LM
                && isSure("truncation", "truncation_side")
                && !stage.cutting().equals(Truncation.DEFAULT)) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, tree.has("truncation") ? "truncation" : "truncation_side"),
                    "of a prompt that is too long task CAUSAL_LM always takes the beginning off",
                    "take it out");
        }
        if (stage.packing() && model != null && model.task() != ModelSpec.Task.CAUSAL_LM) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "packing"),
                    "packing is for task CAUSAL_LM, the task is " + model.task().jsonName(),
                    "take it out");
        }
        if (stage.labelAllTokens() && model != null && !tags()) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "label_all_tokens"),
                    "label_all_tokens is for task TOKEN_CLS, the task is "
                            + model.task().jsonName(),
                    "take it out");
        }
        if (isSure("max_length")
                && stage.buckets() instanceof AutoOr.Given<List<Integer>>(List<Integer> buckets)) {
            boolean ascending = buckets.equals(buckets.stream().sorted().toList());
            int last = buckets.stream().max(Integer::compare).orElse(0);
            if (!ascending || last < stage.maxLength()) {
                problems.error(
                        O_CONFLICT,
                        origin(tree, "buckets"),
                        ascending
                                ? "the largest bucket is "
                                        + last
                                        + ", but max_length is "
                                        + stage.maxLength()
                                : "the buckets " + buckets + " do not ascend",
                        ascending
                                ? "add " + stage.maxLength() + ", or lower max_length"
                                : "sort them");
            }
        }
    }

    /// A model that writes texts has no head beside its body; neither it nor one that tags words
    /// has a number for an answer, or one vector for a text.
    private void checkModel(ModelSpec stage, ObjectValue tree) {
        if (stage.task() == ModelSpec.Task.SEQ_CLS) {
            return;
        }
        ofClasses("problem_type", stage.problemType() != null, tree, stage);
        ofClasses("pooling", stage.pooling() != ModelSpec.Pooling.AUTO, tree, stage);
        if (stage.task().tags()) {
            return;
        }
        ofClasses("head", stage.head() != ModelSpec.Head.AUTO, tree, stage);
    }

    /// @param given as something else than the default, which a run's own record holds
    private void ofClasses(String key, boolean given, ObjectValue tree, ModelSpec stage) {
        if (given) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, key),
                    "'"
                            + key
                            + "' is for classes and numbers, the task is "
                            + stage.task().jsonName(),
                    "take it out");
        }
    }

    /// Only a language model reads conversations, and only a model that tags words reads words.
    private void checkColumns(DataSpec stage, ObjectValue tree) {
        DataColumns columns = stage.columns();
        boolean words = columns.tokens() != null || columns.tags() != null;
        boolean texts =
                columns.text() != null || columns.textPair() != null || columns.label() != null;
        if (model != null && (tags() ? texts : words)) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "columns"),
                    "%s, the task is %s"
                            .formatted(
                                    tags()
                                            ? "columns.text, text_pair and label are for texts"
                                            : "columns.tokens and tags are for task TOKEN_CLS",
                                    model.task().jsonName()),
                    tags() ? "columns.tokens and columns.tags" : "take it out");
        }
        if (tags() && (stage.isWordNet() || stage.sourceTemplate() != null)) {
            boolean template = stage.sourceTemplate() != null;
            problems.error(
                    O_CONFLICT,
                    origin(tree, template ? "source_template" : "train"),
                    (template ? "source_template" : DataSpec.WORDNET_GLOSSES)
                            + " is of texts, task TOKEN_CLS takes words with tags",
                    template ? "take it out" : "give a JSONL, Parquet or CoNLL file");
        }
        boolean asked = stage.columns().messages() != null;
        if (asked && model != null && model.task() != ModelSpec.Task.CAUSAL_LM) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "columns"),
                    "columns.messages is for task CAUSAL_LM, the task is "
                            + model.task().jsonName(),
                    "take it out");
        }
    }

    /// What is not there yet for a model that writes texts is said to be so.
    private void refuseWriting(String what, String where, String fix) {
        if (writes()) {
            refuse(what, where, fix);
        }
    }

    private void refuse(String what, String where, String fix) {
        problems.error(
                O_CONFLICT, where, what + " is not there for task " + model.task().jsonName(), fix);
    }

    private void checkCalibrate(CalibrateSpec stage, ObjectValue tree) {
        if (stage.fisher() == CalibrateSpec.Fisher.EXACT && tags()) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "fisher"),
                    "fisher 'exact' is not there for task " + model.task().jsonName(),
                    "\"fisher\": \"mc\", the same matrix in the mean, or \"empirical\"");
        }
        if (stage.fisher() == CalibrateSpec.Fisher.EXACT && writes()) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "fisher"),
                    "fisher 'exact' is a backward pass for each class, and for task "
                            + model.task().jsonName()
                            + " every token of the vocabulary is one",
                    "\"fisher\": \"mc\", the same matrix in the mean, or \"empirical\"");
        }
        checkSketched(stage, tree);
        if (stage.keep() && stage.from() != null) {
            conflict(tree, "keep", "from", "what is taken is kept already");
        }
        if (stage.keep() && stage.form() == CalibrateSpec.Form.IMPLICIT) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "keep"),
                    "form 'implicit' keeps tokens, which are not written",
                    "\"form\": \"factored\" or \"sketched\"");
        }
        if (stage.tokens() != null && stage.sharing() == CalibrateSpec.Sharing.REDUCE) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "tokens"),
                    "sharing 'reduce' sums over all tokens of an example, and 'tokens' leaves some"
                            + " of them out",
                    "take \"tokens\" out and lower \"samples\", or \"sharing\": \"expand\"");
        }
    }

    private void checkAdapter(AdapterSpec stage, ObjectValue tree) {
        if (!(stage.headWarmup() instanceof HeadWarmup.Auto)) {
            refuseWriting("'head_warmup'", origin(tree, "head_warmup"), "take it out");
        }
        checkKept(stage, tree);
        if (isSure("method", "from", "start")
                && stage.method().isCalibrated()
                && stage.start() == null
                && !seen.contains("calibrate")) {
            problems.error(
                    P_STAGE,
                    tree.origin().toString(),
                    "method '"
                            + stage.method().jsonName()
                            + "' needs the statistics of a stage 'calibrate' before it",
                    "add {\"stage\": \"calibrate\"} before it, or set \"method\": \"lora\"");
        }
        if (seen.contains(AlignSpec.STAGE)) {
            problems.error(
                    P_STAGE,
                    tree.origin().toString(),
                    "stage 'align' measures the start of the adapter, and stands before it",
                    "move 'align' between 'adapter' and 'train'");
        }
        if (stage.cg().rankAllocation() == CgSpec.RankAllocation.CURVATURE) {
            if (!stage.rankPattern().isEmpty()) {
                problems.error(
                        O_CONFLICT,
                        origin(tree, "rank_pattern"),
                        "rank_pattern gives ranks that rank_allocation 'curvature' chooses itself",
                        "keep one of them");
            }
            Integer most = stage.cg().maxRank();
            if (most != null && most < stage.cg().minRank()) {
                problems.error(
                        O_CONFLICT,
                        origin(tree, "cg"),
                        "max_rank %d is below min_rank %d".formatted(most, stage.cg().minRank()),
                        "raise max_rank");
            }
        }
        if (!isSure("cg", "method")) {
            return;
        }
        checkCoordinates(stage, tree);
        boolean stable =
                stage.scale() == AdapterSpec.Scale.STABLE
                        || stage.cg().scale() == CgSpec.Scale.STABLE;
        if (isSure("scale")
                && stable
                && stage.method() == AdapterSpec.Method.CG_LORA
                && !stage.cg().shift()) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, stage.scale() == AdapterSpec.Scale.STABLE ? "scale" : "cg"),
                    "the stable scale without shift would start far from the pretrained model",
                    "add \"cg\": {\"shift\": true}, or keep the step's own scale");
        }
        boolean fixed = stage.cg().step() == CgSpec.Step.FIXED;
        if (fixed != (stage.cg().stepSize() != null)) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "cg"),
                    fixed
                            ? "step 'fixed' needs step_size"
                            : "step_size is used by step 'fixed' only, found step '"
                                    + stage.cg().step().jsonName()
                                    + "'",
                    fixed ? "add \"step_size\": 1.0" : "add \"step\": \"fixed\"");
        }
    }

    /// What is kept, or taken, of an adapter's start.
    private void checkKept(AdapterSpec stage, ObjectValue tree) {
        if (stage.start() != null && stage.from() != null) {
            conflict(tree, "start", "from", "keep one of them");
        }
        if (stage.keep() && (stage.from() != null || stage.start() != null)) {
            conflict(
                    tree,
                    "keep",
                    stage.from() != null ? "from" : "start",
                    "what is taken is kept already");
        }
        boolean full = isSure("method") && stage.method() == AdapterSpec.Method.FULL;
        if (full && (stage.keep() || stage.start() != null)) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, stage.keep() ? "keep" : "start"),
                    "method 'full' has no adapter whose start could be kept or taken",
                    "take it out");
        }
    }

    /// What an earlier adapter decides cannot be asked for.
    private void checkTaken(AdapterSpec given, AdapterSpec taken, ObjectValue tree) {
        for (SettingComponent component : RecordType.of(AdapterSpec.class).components()) {
            boolean differs = !Objects.equals(component.get(given), component.get(taken));
            if (differs && tree.has(component.key()) && isSure(component.key())) {
                conflict(
                        tree,
                        component.key(),
                        "from",
                        "take it out: the adapter of \"from\" has its own");
            }
        }
    }

    /// What is said of coordinates that are not used is said to be so.
    private void checkCoordinates(AdapterSpec stage, ObjectValue tree) {
        CgSpec cg = stage.cg();
        boolean plain = cg.coordinates() == CgSpec.Coordinates.PLAIN;
        boolean rooted =
                cg.whiteningRank() != null || cg.whiteningPA() != null || cg.whiteningPS() != null;
        if (rooted && plain || !plain && cg.shift()) {
            problems.warning(
                    O_CONFLICT,
                    origin(tree, "cg"),
                    cg.shift()
                            ? "with shift the coordinates are plain: whitened ones are not used"
                            : "coordinates are plain: whitening_rank, whitening_p_a and"
                                    + " whitening_p_s are not used",
                    "");
        }
    }

    /// It measures what the adapter's stage has started, from there on.
    private void checkAlign(AlignSpec stage, ObjectValue tree) {
        if (model != null && model.task() != ModelSpec.Task.SEQ_CLS) {
            refuse("stage 'align'", tree.origin().toString(), "take it out");
        }
        checkSplit(stage, data, stage.data(), tree);
        if (seen.contains(TrainSpec.STAGE)) {
            problems.error(
                    P_STAGE,
                    tree.origin().toString(),
                    "stage 'align' measures from the start of training, and stands behind it",
                    "move it before 'train'");
        }
        if (adapter != null && adapter.from() != null) {
            problems.error(
                    O_CONFLICT,
                    tree.origin().toString(),
                    "stage 'align' starts from the base model with its head, and the adapter of"
                            + " \"from\" is trained already",
                    "take one of them out; cglora align compares adapters that are there");
        }
        if (adapterIsSure
                && stage.layers()
                && (adapter == null || adapter.method() == AdapterSpec.Method.FULL)) {
            problems.error(
                    O_CONFLICT,
                    origin(tree, "layers"),
                    "layers are compared with the subspace of an adapter, and there is none"
                            + " before this stage",
                    "\"layers\": false, or another adapter.method");
        }
    }

    private StageSpec settleTrain(TrainSpec stage, ObjectValue tree) {
        outputs.requireAdapter(stage.from(), origin(tree, "from"));
        if (stage.classWeights() != null) {
            refuseWriting("'class_weights'", origin(tree, "class_weights"), "take it out");
        }
        if (tree.has("warmup_steps") && tree.has("warmup_ratio")) {
            conflict(tree, "warmup_ratio", "warmup_steps", "keep one of them");
        }
        if (tree.has("epochs") && stage.maxSteps() != null) {
            problems.warning(
                    O_CONFLICT,
                    origin(tree, "epochs"),
                    "epochs and max_steps are both given; max_steps ("
                            + stage.maxSteps()
                            + ") rules",
                    "");
        }
        DataSpec data = dataStage(stage.data(), tree);
        if (data == null) {
            if (tree.has("load_best") && stage.loadBest() != null && isSure("load_best")) {
                metric(stage.loadBest(), origin(tree, "load_best"));
            }
            return stage;
        }
        if (data.train() == null) {
            problems.error(
                    P_STAGE,
                    tree.origin().toString(),
                    "stage 'train' needs training examples, and stage '"
                            + data.id()
                            + "' gives none",
                    "add \"train\" to stage '" + data.id() + "'");
        }
        if (!data.hasValidation()) {
            for (String key : List.of("load_best", "eval_steps", "eval_examples")) {
                if (tree.has(key)) {
                    problems.error(
                            P_STAGE,
                            origin(tree, key),
                            "'"
                                    + key
                                    + "' needs validation examples, and stage '"
                                    + data.id()
                                    + "' gives none",
                            "add \"validation\": a file, or \"validation_split\": 0.1, to stage '"
                                    + data.id()
                                    + "'");
                }
            }
            return stage.withoutEvaluation();
        }
        if (stage.loadBest() != null && isSure("load_best")) {
            metric(stage.loadBest(), origin(tree, "load_best"));
        }
        if (isSure("eval_steps") && stage.evalSteps() == null && stage.loadBest() != null) {
            if (tree.has("load_best")) {
                problems.error(
                        O_CONFLICT,
                        origin(tree, "load_best"),
                        "load_best needs evaluations, but eval_steps is null",
                        "set eval_steps, or \"load_best\": null");
            }
            return stage.withoutLoadBest();
        }
        return stage;
    }

    /// The data stage with an id.
    ///
    /// @param id null for the first one
    /// @return null where it is not as it is meant, or not there, which is an error
    private DataSpec dataStage(String id, ObjectValue tree) {
        if (id == null || !isSure("data")) {
            return data;
        }
        if (!dataStages.containsKey(id)) {
            String near = Suggestion.nearest(id, List.copyOf(dataStages.keySet()));
            problems.error(
                    P_VALUE,
                    origin(tree, "data"),
                    "no data stage before this one has the id '%s'; there are %s"
                            .formatted(id, String.join(", ", dataStages.keySet())),
                    near.isEmpty() ? "name one of them" : "did you mean '" + near + "'?");
        }
        return dataStages.get(id);
    }

    private void checkSplit(
            StageSpec stage, DataSpec data, EvaluateSpec.Split split, ObjectValue tree) {
        if (data == null || !isSure("data")) {
            return;
        }
        boolean there =
                switch (split) {
                    case TRAIN -> data.train() != null;
                    case VALIDATION -> data.hasValidation();
                    case TEST -> data.test() != null;
                };
        if (!there) {
            problems.error(
                    P_STAGE,
                    tree.has("data") ? origin(tree, "data") : tree.origin().toString(),
                    "stage '"
                            + stage.stage()
                            + "' measures on '"
                            + split.jsonName()
                            + "', which stage '"
                            + data.id()
                            + "' does not give",
                    "add it to stage '" + data.id() + "', or choose other \"data\"");
        }
    }

    private void checkEvaluate(EvaluateSpec stage, ObjectValue tree) {
        if (stage.from() != null) {
            outputs.requireAdapter(stage.from().stage(), origin(tree, "from"));
        }
        checkSplit(stage, dataStage(stage.data().stage(), tree), stage.data().split(), tree);
        if (stage.metrics() != null && isSure("metrics")) {
            stage.metrics().forEach(name -> metric(name, origin(tree, "metrics")));
        }
    }

    /// Whether the model's answers are texts.
    private boolean writes() {
        return model != null && model.task().writes();
    }

    /// Whether each word has a class of its own.
    private boolean tags() {
        return model != null && model.task().tags();
    }

    private void metric(String name, String where) {
        ModelSpec.ProblemType type = model == null ? null : model.problemType();
        var fitting = new TreeSet<String>();
        // without a problem type the labels are classes
        if (writes()) {
            fitting.addAll(WRITING);
        } else if (tags()) {
            fitting.addAll(TAGGING);
        } else if (type != ModelSpec.ProblemType.REGRESSION) {
            fitting.addAll(CLASSIFICATION);
        }
        if (model == null || type == ModelSpec.ProblemType.REGRESSION && !tags()) {
            fitting.addAll(REGRESSION);
        }
        if (fitting.contains(name)) {
            return;
        }
        boolean known =
                CLASSIFICATION.contains(name)
                        || REGRESSION.contains(name)
                        || WRITING.contains(name)
                        || TAGGING.contains(name);
        String task =
                writes() || tags()
                        ? model.task().jsonName()
                        : type == null ? "classification" : type.jsonName();
        problems.error(
                P_VALUE,
                where,
                known
                        ? "metric '"
                                + name
                                + "' does not fit "
                                + task
                                + "; metrics are "
                                + String.join(", ", fitting)
                        : "there is no metric '"
                                + name
                                + "'; metrics for "
                                + task
                                + " are "
                                + String.join(", ", fitting),
                SettingType.didYouMean(name, List.copyOf(fitting)));
    }

    private void conflict(ObjectValue tree, String one, String other, String fix) {
        problems.error(
                O_CONFLICT,
                origin(tree, one),
                "'" + one + "' and '" + other + "' are both given",
                fix);
    }

    private static String origin(ObjectValue tree, String key) {
        JsonValue value = tree.get(key);
        return (value == null ? tree : value).origin().toString();
    }
}
