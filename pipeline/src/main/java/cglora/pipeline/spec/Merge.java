package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_DUPLICATE;
import static cglora.kernels.error.ErrorCode.P_SPELLING;

import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Puts one pipeline file over another: objects by key, stages by id, other lists replaced.
final class Merge {
    private Merge() {}

    static ObjectValue merge(ObjectValue base, ObjectValue over) {
        var members = new LinkedHashMap<>(base.members());
        over.members()
                .forEach(
                        (key, member) -> {
                            Member under = members.get(key);
                            members.put(
                                    key,
                                    under == null
                                            ? member
                                            : new Member(
                                                    member.nameOrigin(),
                                                    merged(key, under.value(), member.value())));
                        });
        return new ObjectValue(over.origin(), members);
    }

    private static JsonValue merged(String key, JsonValue base, JsonValue over) {
        if (base instanceof ObjectValue under && over instanceof ObjectValue above) {
            return merge(under, above);
        }
        return key.equals("stages")
                        && base instanceof ArrayValue under
                        && over instanceof ArrayValue above
                ? stages(under, above)
                : over;
    }

    /// A stage that is new comes after the stage that precedes it in its own file, so that a file
    /// can put a stage between two of the file it extends.
    private static ArrayValue stages(ArrayValue base, ArrayValue over) {
        var merged = new ArrayList<>(base.items());
        int next = firstKnown(base, over);
        for (JsonValue stage : over.items()) {
            int at = indexOf(merged, id(stage));
            if (at >= 0
                    && merged.get(at) instanceof ObjectValue under
                    && stage instanceof ObjectValue above) {
                merged.set(at, merge(under, above));
                next = at + 1;
            } else {
                merged.add(next, stage);
                next++;
            }
        }
        return new ArrayValue(over.origin(), merged);
    }

    private static int firstKnown(ArrayValue base, ArrayValue over) {
        for (JsonValue stage : over.items()) {
            int at = indexOf(base.items(), id(stage));
            if (at >= 0) {
                return at;
            }
        }
        return base.items().size();
    }

    private static int indexOf(List<JsonValue> stages, String id) {
        for (int i = 0; i < stages.size(); i++) {
            if (!id.isEmpty() && id(stages.get(i)).equals(id)) {
                return i;
            }
        }
        return -1;
    }

    /// The id of a stage, which is its name where none is given; empty when it has neither.
    static String id(JsonValue stage) {
        if (stage instanceof ObjectValue object) {
            for (String key : List.of("id", "stage")) {
                if (object.get(key) instanceof StringValue(_, String text)) {
                    return text;
                }
            }
        }
        return "";
    }

    /// Gives settings that were written as other tools spell them our names, each with a warning.
    static ObjectValue canonical(ObjectValue root, Problems problems) {
        if (!(root.get("stages") instanceof ArrayValue list)) {
            return root;
        }
        var stages = new ArrayList<JsonValue>();
        for (JsonValue item : list.items()) {
            stages.add(item instanceof ObjectValue stage ? canonicalStage(stage, problems) : item);
        }
        return root.with(
                "stages",
                new Member(
                        root.members().get("stages").nameOrigin(),
                        new ArrayValue(list.origin(), stages)));
    }

    private static ObjectValue canonicalStage(ObjectValue stage, Problems problems) {
        String name = stage.get("stage") instanceof StringValue(_, String text) ? text : id(stage);
        Class<? extends StageSpec> type = StageSpec.TYPES.get(name);
        if (type == null) {
            return stage;
        }
        var members = new LinkedHashMap<String, Member>();
        RecordType record = RecordType.of(type);
        taking(stage, problems)
                .forEach(
                        (key, member) -> {
                            String ours = record.find(key).map(SettingComponent::key).orElse(key);
                            if (!ours.equals(key)) {
                                problems.warning(
                                        P_SPELLING,
                                        member.nameOrigin().toString(),
                                        "'" + key + "' is called '" + ours + "' here; accepted",
                                        "");
                            }
                            Member first = members.putIfAbsent(ours, member);
                            if (first != null) {
                                problems.error(
                                        P_DUPLICATE,
                                        member.nameOrigin().toString(),
                                        "'"
                                                + ours
                                                + "' is given twice, also at "
                                                + first.nameOrigin().position(),
                                        "keep one of them");
                            }
                        });
        return new ObjectValue(stage.origin(), members);
    }

    /// The members of a stage, `"skip": true` written as `"when": false`.
    private static Map<String, Member> taking(ObjectValue stage, Problems problems) {
        Member skip = stage.members().get("skip");
        if (skip == null || !(skip.value() instanceof BooleanValue(Origin origin, boolean skips))) {
            return stage.members();
        }
        problems.warning(
                P_SPELLING,
                skip.nameOrigin().toString(),
                "\"skip\": %s is \"when\": %s here; accepted".formatted(skips, !skips),
                "");
        var members = new LinkedHashMap<String, Member>();
        members.putAll(stage.members());
        members.remove("skip");
        Member first =
                members.put(
                        "when", new Member(skip.nameOrigin(), new BooleanValue(origin, !skips)));
        if (first != null) {
            problems.error(
                    P_DUPLICATE,
                    skip.nameOrigin().toString(),
                    "'when' is given, too, at " + first.nameOrigin().position(),
                    "keep one of them");
        }
        return members;
    }
}
