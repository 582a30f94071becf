package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_SET;

import cglora.kernels.error.CgloraException;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The place of one setting: `train.learning_rate`, `adapter.cg.damping`, `seed`, `engine.type`.
/// The first word is the id of a stage or a setting of the pipeline itself.
final class SettingPath {
    private static final RecordType ROOT = RecordType.of(PipelineSpec.class);

    private final String option;
    private final String path;

    /// @param option the option as it was typed, for messages
    SettingPath(String option, String path) {
        this.option = option;
        this.path = path;
    }

    /// The setting behind a path whose first word is the name of a stage.
    static Optional<SettingComponent> describe(String path) {
        String[] words = path.split("\\.", -1);
        Class<? extends StageSpec> stage = StageSpec.TYPES.get(words[0]);
        RecordType owner = stage == null ? ROOT : RecordType.of(stage);
        SettingComponent found = null;
        for (int i = stage == null ? 0 : 1; i < words.length; i++) {
            found = owner == null ? null : owner.find(words[i]).orElse(null);
            if (found == null) {
                return Optional.empty();
            }
            owner = found.type().record().orElse(null);
        }
        return Optional.ofNullable(found);
    }

    /// Every path that `describe` knows.
    static List<String> all() {
        var paths = new ArrayList<String>();
        collect("", ROOT, paths);
        StageSpec.TYPES.forEach((name, type) -> collect(name + ".", RecordType.of(type), paths));
        return paths;
    }

    private static void collect(String prefix, RecordType type, List<String> paths) {
        for (SettingComponent component : type.components()) {
            if (component.type() instanceof StagesType) {
                continue;
            }
            paths.add(prefix + component.key());
            component
                    .type()
                    .record()
                    .ifPresent(inner -> collect(prefix + component.key() + ".", inner, paths));
        }
    }

    /// The pipeline with the setting changed.
    ///
    /// @param value the new value; null takes the setting away
    ObjectValue apply(ObjectValue root, JsonValue value) {
        List<String> words = List.of(path.split("\\.", -1));
        if (root.get("stages") instanceof ArrayValue list) {
            for (int i = 0; i < list.items().size(); i++) {
                if (list.items().get(i) instanceof ObjectValue stage
                        && Merge.id(stage).equals(words.getFirst())) {
                    var stages = new ArrayList<>(list.items());
                    stages.set(i, inStage(stage, words, value));
                    return root.with(
                            "stages",
                            new Member(
                                    root.members().get("stages").nameOrigin(),
                                    new ArrayValue(list.origin(), stages)));
                }
            }
        }
        if (words.getFirst().equals("stages") || ROOT.find(words.getFirst()).isEmpty()) {
            throw unknownStart(root, words.getFirst());
        }
        return change(root, ROOT, words, value, "");
    }

    private ObjectValue inStage(ObjectValue stage, List<String> words, JsonValue value) {
        String name = stage.get("stage") instanceof StringValue(_, String text) ? text : "";
        Class<? extends StageSpec> type = StageSpec.TYPES.get(name);
        if (type == null) {
            // The stage itself is wrong, which the binder reports.
            return stage;
        }
        if (words.size() == 1) {
            throw error(
                    "'" + words.getFirst() + "' is a stage, expected a setting of it",
                    "such as "
                            + words.getFirst()
                            + "."
                            + RecordType.of(type).components().getLast().key());
        }
        return change(stage, RecordType.of(type), words.subList(1, words.size()), value, name);
    }

    private ObjectValue change(
            ObjectValue object,
            RecordType type,
            List<String> words,
            JsonValue value,
            String stage) {
        String word = words.getFirst();
        SettingComponent component =
                type.find(word)
                        .orElseThrow(
                                () ->
                                        error(
                                                "no such setting '"
                                                        + word
                                                        + "'"
                                                        + (stage.isEmpty()
                                                                ? ""
                                                                : " in stage '" + stage + "'"),
                                                Binder.remedy(word, type, stage)));
        String key = component.key();
        List<String> rest = words.subList(1, words.size());
        if (rest.isEmpty()) {
            return put(object, key, value);
        }
        ObjectValue inner =
                object.get(key) instanceof ObjectValue existing
                        ? existing
                        : new ObjectValue(place(value, object), Map.of());
        if (component.type().freeKeys()) {
            return put(object, key, put(inner, String.join(".", rest), value));
        }
        RecordType record =
                component
                        .type()
                        .record()
                        .orElseThrow(
                                () ->
                                        error(
                                                "'" + key + "' has no settings inside",
                                                "set it as a whole"));
        ObjectValue changed = change(inner, record, rest, value, stage);
        return value == null && !object.members().containsKey(key)
                ? object
                : put(object, key, changed);
    }

    private static Origin place(JsonValue value, ObjectValue object) {
        return value == null ? object.origin() : value.origin();
    }

    private static ObjectValue put(ObjectValue object, String key, JsonValue value) {
        return value == null
                ? object.without(key)
                : object.with(key, new Member(value.origin(), value));
    }

    private CgloraException unknownStart(ObjectValue root, String word) {
        var starts = new ArrayList<String>();
        if (root.get("stages") instanceof ArrayValue list) {
            list.items().stream().map(Merge::id).filter(id -> !id.isEmpty()).forEach(starts::add);
        }
        if (StageSpec.TYPES.containsKey(word)) {
            return error(
                    "this pipeline has no stage '" + word + "'",
                    "its stages are " + String.join(", ", starts));
        }
        List<String> ids = List.copyOf(starts);
        ROOT.keys().stream().filter(key -> !key.equals("stages")).forEach(starts::add);
        String near = SettingType.didYouMean(word, starts);
        List<String> owners = all().stream().filter(p -> p.endsWith("." + word)).toList();
        String fix =
                !owners.isEmpty()
                        ? "did you mean '" + owners.getFirst() + "'?"
                        : near.isEmpty() ? "stages here are " + String.join(", ", ids) : near;
        return error("there is no stage and no setting '" + word + "'", fix);
    }

    private CgloraException error(String what, String fix) {
        return new CgloraException(P_SET, option, what, fix);
    }
}
