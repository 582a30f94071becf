package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_RANGE;
import static cglora.kernels.error.ErrorCode.P_STAGE;
import static cglora.kernels.error.ErrorCode.P_TYPE;
import static cglora.kernels.error.ErrorCode.P_UNKNOWN;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.JsonValue.BrokenValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Turns located JSON into records. Every problem is collected, and nothing is coerced: a string is
/// never a number, and 3.5 is never a whole one.
final class Binder {
    /// Stands for a value that could not be bound; the reason was reported.
    static final Object FAILED = new Object();

    private final Problems problems;
    private final Variables variables;
    private final Origin defaults;
    private final List<PipelineDraft.Stage> drafts = new ArrayList<>();

    /// Objects with mistakes, by what was read.
    private final Map<JsonValue, Meant> meants = new IdentityHashMap<>();

    private PipelineDraft.Stage draft;

    /// @param variables for defaults that use variables
    /// @param defaults  origin of built-in defaults, whose paths are relative to the pipeline file
    Binder(Problems problems, Variables variables, Origin defaults) {
        this.problems = problems;
        this.variables = variables;
        this.defaults = defaults;
    }

    /// Binds a whole pipeline; null when a problem was reported.
    PipelineSpec pipeline(ObjectValue root) {
        return fields(RecordType.of(PipelineSpec.class), root, "") instanceof PipelineSpec spec
                ? spec
                : null;
    }

    /// The stages in the order of the file, those with mistakes among them; null where one does
    /// not say what it is or has not what it needs.
    List<PipelineDraft.Stage> drafts() {
        return drafts;
    }

    Object fail(ErrorCode code, JsonValue value, String what, String fix) {
        problems.error(code, value.origin().toString(), what, fix);
        return FAILED;
    }

    Object wrongType(JsonValue value, String expected) {
        if (value instanceof BrokenValue) {
            return FAILED;
        }
        String fix = "";
        if (value instanceof StringValue(_, String text)) {
            if (expected.contains("number") && isNumber(text)) {
                fix = "write it without quotes: " + text;
            } else if (expected.startsWith("true")
                    && (text.equals("true") || text.equals("false"))) {
                fix = "write it without quotes: " + text;
            } else {
                List<String> quoted =
                        Pattern.compile("\"([^\"]+)\"")
                                .matcher(expected)
                                .results()
                                .map(m -> m.group(1))
                                .toList();
                fix = SettingType.didYouMean(text, quoted);
            }
        }
        return fail(P_TYPE, value, "found " + value.describe() + ", expected " + expected, fix);
    }

    private static boolean isNumber(String text) {
        return Pattern.matches("-?\\d+(\\.\\d+)?([eE][-+]?\\d+)?", text);
    }

    Object outOfRange(JsonValue value, String text, Setting setting) {
        double number = Double.parseDouble(text);
        String range = NumberLimits.range(setting);
        boolean percent = setting.max() == 1 && number > 1 && number <= 100;
        return fail(
                O_RANGE,
                value,
                "found "
                        + text
                        + (Double.isInfinite(number)
                                ? ", which is beyond the largest number (1.8e308)"
                                : "")
                        + ", expected "
                        + (range.isEmpty() ? "a finite number" : range),
                percent ? "did you mean " + NumberLimits.number(number / 100) + "?" : "");
    }

    Object unknownValue(JsonValue value, String text, List<String> names) {
        return fail(
                P_VALUE,
                value,
                "found \""
                        + text
                        + "\", expected "
                        + (names.size() == 1 ? "" : "one of ")
                        + String.join(", ", names),
                SettingType.didYouMean(text, names));
    }

    boolean isRegex(JsonValue value, String text) {
        if (text.isBlank()) {
            fail(P_VALUE, value, "the regular expression is empty", "\"all-linear\" takes all");
            return false;
        }
        try {
            var _ = Pattern.compile(text);
            return true;
        } catch (PatternSyntaxException e) {
            fail(
                    P_VALUE,
                    value,
                    "not a regular expression: "
                            + e.getDescription()
                            + " at character "
                            + (e.getIndex() + 1)
                            + " of \""
                            + text
                            + "\"",
                    "names of modules go in a list: [\"query\", \"value\"]");
            return false;
        }
    }

    /// An element of a list or a map; null is not one.
    Object bindElement(SettingType type, JsonValue value, Setting setting) {
        return value instanceof NullValue || value instanceof BrokenValue
                ? wrongType(value, type.expected(setting))
                : type.bind(value, setting, this);
    }

    /// Binds one stage by the record that its `stage` names.
    Object stage(JsonValue value) {
        draft = null;
        StageSpec stage = value instanceof BrokenValue ? null : boundStage(value);
        drafts.add(draft);
        return stage == null ? FAILED : stage;
    }

    private StageSpec boundStage(JsonValue value) {
        if (!(value instanceof ObjectValue object)) {
            wrongType(value, "an object such as {\"stage\": \"train\"}");
            return null;
        }
        List<String> names = List.copyOf(StageSpec.TYPES.keySet());
        JsonValue name = object.get("stage");
        if (name == null) {
            fail(
                    P_STAGE,
                    value,
                    "the stage does not say what it is",
                    "add \"stage\": one of " + String.join(", ", names));
            return null;
        }
        if (!(name instanceof StringValue(_, String text))) {
            wrongType(name, "the name of a stage: " + String.join(", ", names));
            return null;
        }
        Class<? extends StageSpec> type = StageSpec.TYPES.get(text);
        if (type == null) {
            fail(
                    P_STAGE,
                    name,
                    "there is no stage '" + text + "'; stages are " + String.join(", ", names),
                    SettingType.didYouMean(text, names));
            return null;
        }
        return fields(RecordType.of(type), object.without("stage"), text) instanceof StageSpec stage
                ? stage
                : null;
    }

    /// Binds the members of an object to the components of a record.
    ///
    /// @param stage name of the stage whose settings these are; empty elsewhere
    Object fields(RecordType type, ObjectValue object, String stage) {
        Set<String> unknown = unknownKeys(type, object, stage);
        var arguments = new ArrayList<Object>();
        for (SettingComponent component : type.components()) {
            arguments.add(field(component, object));
        }
        if (unknown.isEmpty() && !arguments.contains(FAILED)) {
            Record made = create(type.type(), arguments);
            if (made instanceof StageSpec spec) {
                draft = new PipelineDraft.Stage(spec, Set.of());
            }
            return made;
        }
        Meant meant = meant(type, object, arguments, unknown);
        if (meant != null) {
            meants.put(object, meant);
            if (meant.value() instanceof StageSpec spec) {
                draft = new PipelineDraft.Stage(spec, meant.unsure());
            }
        }
        return FAILED;
    }

    /// An object with mistakes as it was probably meant.
    ///
    /// @param unsure keys of the settings that are wrong, and of those that a misspelt key may have
    ///     meant; `format.type` of an object inside
    private record Meant(Record value, Set<String> unsure) {}

    /// Null for an object that lacks what it needs.
    private Meant meant(
            RecordType type, ObjectValue object, List<Object> arguments, Set<String> unknown) {
        var unsure = new HashSet<String>();
        unknown.forEach(key -> unsure.add(Suggestion.nearest(key, type.keys())));
        var values = new ArrayList<>(arguments);
        for (int i = 0; i < values.size(); i++) {
            SettingComponent component = type.components().get(i);
            if (values.get(i) == FAILED) {
                if (component.isRequired()) {
                    return null;
                }
                values.set(i, meant(component, object.get(component.key()), unsure));
            }
        }
        return values.contains(FAILED) ? null : new Meant(create(type.type(), values), unsure);
    }

    /// What a wrong value was probably meant to be: an object without its mistakes, the nearest of
    /// some choices; elsewhere nobody knows, and it is the default.
    private Object meant(SettingComponent component, JsonValue value, Set<String> unsure) {
        Meant inner = component.type() instanceof RecordType ? meants.get(value) : null;
        if (inner != null) {
            inner.unsure().forEach(key -> unsure.add(component.key() + "." + key));
            return inner.value();
        }
        unsure.add(component.key());
        return value instanceof StringValue(_, String text)
                        && component.type() instanceof ChoiceType choice
                        && choice.nearest(text) != null
                ? choice.nearest(text)
                : standard(component);
    }

    private Object field(SettingComponent component, ObjectValue object) {
        JsonValue value = object.get(component.key());
        Setting setting = component.setting();
        if (value instanceof NullValue && setting.nullable()) {
            return null;
        }
        if (value == null || (value instanceof NullValue && !component.isRequired())) {
            if (component.isRequired()) {
                return fail(
                        P_VALUE,
                        object,
                        "'"
                                + component.key()
                                + "' is missing, expected "
                                + component.type().expected(setting),
                        "add \"" + component.key() + "\": " + setting.value());
            }
            return standard(component);
        }
        if (value instanceof BrokenValue) {
            return FAILED;
        }
        return value instanceof NullValue
                ? wrongType(value, component.type().expected(setting))
                : component.type().bind(value, setting, this);
    }

    /// The built-in default.
    private Object standard(SettingComponent component) {
        Setting setting = component.setting();
        JsonValue standard =
                variables.expand(JsonSource.parse(defaults, setting.byDefault(), problems));
        return standard instanceof NullValue
                ? null
                : standard instanceof BrokenValue
                        ? FAILED
                        : component.type().bind(standard, setting, this);
    }

    private Set<String> unknownKeys(RecordType type, ObjectValue object, String stage) {
        Set<String> known = Set.copyOf(type.keys());
        var found = new LinkedHashSet<String>();
        for (Map.Entry<String, Member> entry : object.members().entrySet()) {
            String key = entry.getKey();
            if (known.contains(key)) {
                continue;
            }
            found.add(key);
            problems.error(
                    P_UNKNOWN,
                    entry.getValue().nameOrigin().toString(),
                    "no such setting '"
                            + key
                            + "'"
                            + (stage.isEmpty() ? "" : " in stage '" + stage + "'"),
                    remedy(key, type, stage));
        }
        return found;
    }

    /// An exact match in another stage says more than a similar name in this one.
    static String remedy(String key, RecordType type, String stage) {
        List<String> owners =
                StageSpec.TYPES.keySet().stream()
                        .filter(name -> !name.equals(stage))
                        .filter(
                                name ->
                                        RecordType.of(StageSpec.TYPES.get(name))
                                                .find(key)
                                                .isPresent())
                        .toList();
        if (!owners.isEmpty()) {
            return "'"
                    + key
                    + "' belongs to stage "
                    + String.join(" or ", owners.stream().map(o -> "'" + o + "'").toList());
        }
        for (SettingComponent component : type.components()) {
            if (component.type().record().flatMap(inner -> inner.find(key)).isPresent()) {
                return "'" + key + "' belongs inside \"" + component.key() + "\": {}";
            }
        }
        String nearest = Suggestion.nearest(key, type.keys());
        return nearest.isEmpty()
                ? "settings here are " + String.join(", ", type.keys())
                : "did you mean '" + nearest + "'?";
    }

    private static Record create(Class<? extends Record> type, List<Object> arguments) {
        Class<?>[] parameters =
                Arrays.stream(type.getRecordComponents())
                        .map(RecordComponent::getType)
                        .toArray(Class<?>[]::new);
        try {
            Constructor<? extends Record> constructor = type.getDeclaredConstructor(parameters);
            return constructor.newInstance(arguments.toArray());
        } catch (NoSuchMethodException | InstantiationException | IllegalAccessException e) {
            throw new IllegalStateException("cannot create " + type, e);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("the constructor of " + type + " failed", e.getCause());
        }
    }
}
