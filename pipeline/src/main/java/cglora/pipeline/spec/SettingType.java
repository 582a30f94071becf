package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_RANGE;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.BrokenValue;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// One kind of value: how it is read from JSON, written back, described in a message and in the
/// schema. Plain values are what JSON text is made of: maps, lists, strings, numbers, booleans and
/// null.
sealed interface SettingType {
    /// The Java value, or `Binder.FAILED` after an error was reported.
    Object bind(JsonValue value, Setting setting, Binder binder);

    /// The plain value of what `bind` returned.
    Object plain(Object value, Setting setting, Paths paths);

    /// The part of the schema that describes the value.
    Map<String, Object> schema(Setting setting);

    /// What is expected, in words.
    String expected(Setting setting);

    /// The settings inside, where the value can be an object of settings.
    default Optional<RecordType> record() {
        return Optional.empty();
    }

    /// Whether the value is an object whose keys are free.
    default boolean freeKeys() {
        return false;
    }

    /// How paths are written.
    interface Paths {
        String write(String absolute);
    }

    /// The type that reads values of a Java type.
    static SettingType of(Type type) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == List.class) {
                return arguments[0] == StageSpec.class
                        ? new StagesType()
                        : new ListType(of(arguments[0]));
            }
            if (generic.getRawType() == Map.class) {
                return arguments[1] == Object.class
                        ? new FreeType()
                        : new MapType(of(arguments[1]));
            }
            if (generic.getRawType() == AutoOr.class) {
                return new AutoType(of(arguments[0]));
            }
        } else if (type instanceof Class<?> raw) {
            return of(raw);
        }
        throw new IllegalArgumentException("no setting can have the type " + type);
    }

    private static SettingType of(Class<?> type) {
        if (type == String.class) {
            return new TextType();
        }
        if (type == boolean.class || type == Boolean.class) {
            return new BooleanType();
        }
        if (type == int.class || type == Integer.class) {
            return new IntegerType(false);
        }
        if (type == long.class || type == Long.class) {
            return new IntegerType(true);
        }
        if (type == double.class || type == Double.class) {
            return new NumberType();
        }
        if (type == TargetModules.class) {
            return new TargetModulesType();
        }
        if (type == DataFiles.class) {
            return new FilesType();
        }
        if (type == EvalSteps.class) {
            return new EvalStepsType();
        }
        if (type == HeadWarmup.class) {
            return new HeadWarmupType();
        }
        if (type.isEnum() && Named.class.isAssignableFrom(type)) {
            return new ChoiceType(
                    Arrays.stream(type.getEnumConstants()).map(Named.class::cast).toList());
        }
        if (type.isRecord()) {
            return RecordType.of(type.asSubclass(Record.class));
        }
        throw new IllegalArgumentException("no setting can have the type " + type);
    }

    /// `0.06` for a double, and no `.0` on a whole number.
    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.valueOf(value);
    }

    /// The range in words: `1 or more`, `above 0 and below 1`; empty without limits.
    static String range(Setting setting) {
        String low = setting.min() == Double.NEGATIVE_INFINITY ? "" : number(setting.min());
        String high = setting.max() == Double.POSITIVE_INFINITY ? "" : number(setting.max());
        if (!low.isEmpty() && !high.isEmpty() && !setting.aboveMin() && !setting.belowMax()) {
            return low.equals(high) ? low : low + " to " + high;
        }
        String from = low.isEmpty() ? "" : setting.aboveMin() ? "above " + low : low + " or more";
        String to = high.isEmpty() ? "" : setting.belowMax() ? "below " + high : "at most " + high;
        return from + (from.isEmpty() || to.isEmpty() ? "" : " and ") + to;
    }

    private static boolean outside(double number, Setting setting) {
        return number < setting.min()
                || number > setting.max()
                || (setting.aboveMin() && number == setting.min())
                || (setting.belowMax() && number == setting.max());
    }

    private static Map<String, Object> limits(String type, Setting setting) {
        var schema = new LinkedHashMap<String, Object>();
        schema.put("type", type);
        if (setting.min() != Double.NEGATIVE_INFINITY) {
            schema.put(setting.aboveMin() ? "exclusiveMinimum" : "minimum", whole(setting.min()));
        }
        if (setting.max() != Double.POSITIVE_INFINITY) {
            schema.put(setting.belowMax() ? "exclusiveMaximum" : "maximum", whole(setting.max()));
        }
        return schema;
    }

    private static Number whole(double value) {
        return value == Math.rint(value) ? (Number) (long) value : (Number) value;
    }

    private static String words(String type, Setting setting) {
        String range = range(setting);
        return range.isEmpty() ? type : type + ", " + range;
    }

    /// A `$` that would start a variable or an escape is doubled.
    static String escape(String text) {
        var escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            escaped.append(c);
            char next = i + 1 < text.length() ? text.charAt(i + 1) : ' ';
            if (c == '$' && (next == '$' || next == '{')) {
                escaped.append('$');
            }
        }
        return escaped.toString();
    }

    record TextType() implements SettingType {
        static final String CLASSPATH = "classpath:";

        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof StringValue(Origin origin, String text))) {
                return binder.wrongType(value, expected(setting));
            }
            if (text.isBlank()) {
                return binder.fail(
                        P_VALUE, value, "the text is empty", "give a value, or leave it out");
            }
            if (!setting.path() || isNamed(text, setting)) {
                return text;
            }
            try {
                return origin.folder().resolve(text).toAbsolutePath().normalize().toString();
            } catch (InvalidPathException e) {
                return binder.fail(
                        P_VALUE, value, "not a path: " + e.getReason(), "correct the path");
            }
        }

        private static boolean isNamed(String text, Setting setting) {
            return text.startsWith(CLASSPATH) || List.of(setting.builtIn()).contains(text);
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            String text = (String) value;
            return escape(setting.path() && !isNamed(text, setting) ? paths.write(text) : text);
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("type", "string");
        }

        @Override
        public String expected(Setting setting) {
            return setting.path() ? "a path in quotes" : "a string";
        }
    }

    record BooleanType() implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            return value instanceof BooleanValue(_, boolean flag)
                    ? (Object) flag
                    : binder.wrongType(value, expected(setting));
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return value;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("type", "boolean");
        }

        @Override
        public String expected(Setting setting) {
            return "true or false";
        }
    }

    record IntegerType(boolean isLong) implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof NumberValue(_, String text))) {
                return binder.wrongType(value, expected(setting));
            }
            var number = new BigDecimal(text);
            // The magnitude first: writing 1e999999999 out in digits would exhaust the memory.
            long digits = (long) number.precision() - number.scale();
            if (digits <= 20
                    && number.scale() > 0
                    && (digits < 0
                            ? number.signum() != 0
                            : number.stripTrailingZeros().scale() > 0)) {
                return binder.wrongType(value, expected(setting));
            }
            double size = number.doubleValue();
            double largest = isLong ? Long.MAX_VALUE : Integer.MAX_VALUE;
            if (digits > 20 || Math.abs(size) > largest) {
                return binder.fail(
                        O_RANGE,
                        value,
                        "found "
                                + text
                                + ", expected at most "
                                + (isLong ? Long.MAX_VALUE : number(largest)),
                        "");
            }
            if (outside(size, setting)) {
                return binder.outOfRange(value, text, setting);
            }
            try {
                return isLong ? (Object) number.longValueExact() : (Object) number.intValueExact();
            } catch (ArithmeticException _) {
                return binder.outOfRange(value, text, setting);
            }
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return value;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return limits("integer", setting);
        }

        @Override
        public String expected(Setting setting) {
            return words("a whole number", setting);
        }
    }

    record NumberType() implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof NumberValue(_, String text))) {
                return binder.wrongType(value, expected(setting));
            }
            // Adding zero turns -0.0 into 0.0.
            double number = Double.parseDouble(text) + 0.0;
            return Double.isInfinite(number) || outside(number, setting)
                    ? binder.outOfRange(value, text, setting)
                    : (Object) number;
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return value;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return limits("number", setting);
        }

        @Override
        public String expected(Setting setting) {
            return words("a number", setting);
        }
    }

    record ChoiceType(List<Named> choices) implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof StringValue(_, String text))) {
                return binder.wrongType(value, expected(setting));
            }
            for (Named choice : choices) {
                if (choice.jsonName().equals(text)) {
                    return choice;
                }
            }
            return binder.unknownValue(value, text, names());
        }

        private List<String> names() {
            return choices.stream().map(Named::jsonName).toList();
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return ((Named) value).jsonName();
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("enum", names());
        }

        @Override
        public String expected(Setting setting) {
            return names().stream().map(n -> '"' + n + '"').collect(Collectors.joining(" or "));
        }
    }

    record ListType(SettingType element) implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof ArrayValue(_, List<JsonValue> items))) {
                return binder.wrongType(value, expected(setting));
            }
            if (items.isEmpty()) {
                return binder.fail(
                        P_VALUE, value, "the list is empty", "name one, or leave it out");
            }
            var bound = new ArrayList<Object>();
            for (JsonValue item : items) {
                Object each = binder.bindElement(element, item, setting);
                if (each != Binder.FAILED && bound.contains(each)) {
                    each =
                            binder.fail(
                                    P_VALUE,
                                    item,
                                    item.describe() + " is in the list twice",
                                    "remove one");
                }
                bound.add(each);
            }
            return bound.contains(Binder.FAILED) ? Binder.FAILED : List.copyOf(bound);
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            var plain = new ArrayList<Object>();
            for (Object item : (List<?>) value) {
                plain.add(element.plain(item, setting, paths));
            }
            return plain;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return PipelineSchema.ordered(
                    "type",
                    "array",
                    "items",
                    element.schema(setting),
                    "minItems",
                    1,
                    "uniqueItems",
                    true);
        }

        @Override
        public String expected(Setting setting) {
            return "a list, each " + element.expected(setting);
        }
    }

    record MapType(SettingType element) implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof ObjectValue object)) {
                return binder.wrongType(value, expected(setting));
            }
            var bound = new LinkedHashMap<String, Object>();
            object.members()
                    .forEach(
                            (key, member) ->
                                    bound.put(
                                            key,
                                            binder.bindElement(element, member.value(), setting)));
            return bound.containsValue(Binder.FAILED)
                    ? Binder.FAILED
                    : Collections.unmodifiableMap(bound);
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            var plain = new LinkedHashMap<String, Object>();
            ((Map<?, ?>) value)
                    .forEach(
                            (key, item) ->
                                    plain.put((String) key, element.plain(item, setting, paths)));
            return plain;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return PipelineSchema.ordered(
                    "type", "object", "additionalProperties", element.schema(setting));
        }

        @Override
        public String expected(Setting setting) {
            return "an object, each value " + element.expected(setting);
        }

        @Override
        public boolean freeKeys() {
            return true;
        }
    }

    /// An object that is taken as it is.
    record FreeType() implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            return value instanceof ObjectValue
                    ? free(value)
                    : binder.wrongType(value, expected(setting));
        }

        /// Null elements are kept, so these are not `List.of` and `Map.of`.
        private static Object free(JsonValue value) {
            return switch (value) {
                case ObjectValue object -> {
                    var map = new LinkedHashMap<String, Object>();
                    object.members().forEach((key, member) -> map.put(key, free(member.value())));
                    yield map.containsValue(Binder.FAILED)
                            ? Binder.FAILED
                            : Collections.unmodifiableMap(map);
                }
                case ArrayValue array -> {
                    var list = new ArrayList<Object>();
                    array.items().forEach(item -> list.add(free(item)));
                    yield list.contains(Binder.FAILED)
                            ? Binder.FAILED
                            : Collections.unmodifiableList(list);
                }
                case StringValue(_, String text) -> text;
                case NumberValue(_, String text) -> number(text);
                case BooleanValue(_, boolean flag) -> flag;
                case NullValue _ -> null;
                case BrokenValue _ -> Binder.FAILED;
            };
        }

        private static Object number(String text) {
            try {
                return Long.valueOf(text);
            } catch (NumberFormatException _) {
                // Not a whole number of 64 bits.
                return Double.valueOf(text);
            }
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return switch (value) {
                case null -> null;
                case Map<?, ?> map -> {
                    var plain = new LinkedHashMap<String, Object>();
                    map.forEach(
                            (key, item) -> plain.put((String) key, plain(item, setting, paths)));
                    yield plain;
                }
                case List<?> list -> {
                    var plain = new ArrayList<Object>();
                    list.forEach(item -> plain.add(plain(item, setting, paths)));
                    yield plain;
                }
                case String text -> escape(text);
                default -> value;
            };
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("type", "object");
        }

        @Override
        public String expected(Setting setting) {
            return "an object";
        }

        @Override
        public boolean freeKeys() {
            return true;
        }
    }

    record AutoType(SettingType given) implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (value instanceof StringValue(_, String text)) {
                return text.equals("auto")
                        ? new AutoOr.Auto<>()
                        : binder.wrongType(value, expected(setting));
            }
            if (given instanceof ListType && !(value instanceof ArrayValue)) {
                return binder.wrongType(value, expected(setting));
            }
            if (given instanceof MapType && !(value instanceof ObjectValue)) {
                return binder.wrongType(value, expected(setting));
            }
            if (given instanceof NumberType && !(value instanceof NumberValue)) {
                return binder.wrongType(value, expected(setting));
            }
            Object bound = given.bind(value, setting, binder);
            return bound == Binder.FAILED ? bound : new AutoOr.Given<>(bound);
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return switch ((AutoOr<?>) value) {
                case AutoOr.Auto<?> _ -> "auto";
                case AutoOr.Given<?>(Object item) -> given.plain(item, setting, paths);
            };
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("anyOf", List.of(Map.of("const", "auto"), given.schema(setting)));
        }

        @Override
        public String expected(Setting setting) {
            return "\"auto\" or " + given.expected(setting);
        }
    }

    record TargetModulesType() implements SettingType {
        private static final ListType NAMES = new ListType(new TextType());

        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            return switch (value) {
                case StringValue(_, String text) when text.equals("all-linear") ->
                        new TargetModules.AllLinear();
                case StringValue(_, String text) ->
                        binder.isRegex(value, text)
                                ? new TargetModules.Matching(text)
                                : Binder.FAILED;
                case ArrayValue _ ->
                        NAMES.bind(value, setting, binder) instanceof List<?> names
                                ? new TargetModules.Names(
                                        names.stream().map(String.class::cast).toList())
                                : Binder.FAILED;
                default -> binder.wrongType(value, expected(setting));
            };
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return switch ((TargetModules) value) {
                case TargetModules.AllLinear _ -> "all-linear";
                case TargetModules.Matching(String regex) -> escape(regex);
                case TargetModules.Names(List<String> names) -> NAMES.plain(names, setting, paths);
            };
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of(
                    "anyOf",
                    List.of(
                            Map.of("const", "all-linear"),
                            NAMES.schema(setting),
                            Map.of("type", "string")));
        }

        @Override
        public String expected(Setting setting) {
            return "\"all-linear\", a list of names, or one regular expression";
        }
    }

    record FilesType() implements SettingType {
        private static final TextType NAME = new TextType();
        private static final ListType NAMES = new ListType(NAME);

        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            Object bound =
                    switch (value) {
                        case StringValue _ -> NAME.bind(value, setting, binder);
                        case ArrayValue _ -> NAMES.bind(value, setting, binder);
                        default -> binder.wrongType(value, expected(setting));
                    };
            return switch (bound) {
                case String name -> DataFiles.of(name);
                case List<?> names when names.stream().anyMatch(n -> isBuiltIn(n, setting)) ->
                        binder.fail(
                                P_VALUE,
                                value,
                                "a built-in source is in a list",
                                "give it alone, without the brackets");
                case List<?> names ->
                        new DataFiles(names.stream().map(String.class::cast).toList());
                case null, default -> Binder.FAILED;
            };
        }

        private static boolean isBuiltIn(Object name, Setting setting) {
            return List.of(setting.builtIn()).contains(name);
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            List<String> names = ((DataFiles) value).names();
            return names.size() == 1
                    ? NAME.plain(names.getFirst(), setting, paths)
                    : NAMES.plain(names, setting, paths);
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("anyOf", List.of(NAME.schema(setting), NAMES.schema(setting)));
        }

        @Override
        public String expected(Setting setting) {
            return "a path in quotes, or a list of paths";
        }
    }

    record EvalStepsType() implements SettingType {
        private static final IntegerType STEPS = new IntegerType(false);

        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (value instanceof StringValue(_, String text) && text.equals("epoch")) {
                return new EvalSteps.Epoch();
            }
            if (!(value instanceof NumberValue)) {
                return binder.wrongType(value, expected(setting));
            }
            return STEPS.bind(value, setting, binder) instanceof Integer steps
                    ? new EvalSteps.Every(steps)
                    : Binder.FAILED;
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return switch ((EvalSteps) value) {
                case EvalSteps.Epoch _ -> "epoch";
                case EvalSteps.Every(int steps) -> steps;
            };
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of("anyOf", List.of(Map.of("const", "epoch"), STEPS.schema(setting)));
        }

        @Override
        public String expected(Setting setting) {
            return "\"epoch\" or " + STEPS.expected(setting);
        }
    }

    record HeadWarmupType() implements SettingType {
        private static final RecordType OPTIONS = RecordType.of(HeadWarmupSpec.class);

        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            return switch (value) {
                case StringValue(_, String text) when text.equals("auto") -> new HeadWarmup.Auto();
                case BooleanValue(_, boolean on) when !on -> new HeadWarmup.Off();
                case BooleanValue(Origin origin, _) ->
                        on(OPTIONS.bind(new ObjectValue(origin, Map.of()), setting, binder));
                case ObjectValue _ -> on(OPTIONS.bind(value, setting, binder));
                default -> binder.wrongType(value, expected(setting));
            };
        }

        private static Object on(Object options) {
            return options instanceof HeadWarmupSpec warmup
                    ? new HeadWarmup.On(warmup)
                    : Binder.FAILED;
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            return switch ((HeadWarmup) value) {
                case HeadWarmup.Auto _ -> "auto";
                case HeadWarmup.Off _ -> false;
                case HeadWarmup.On(HeadWarmupSpec options) ->
                        OPTIONS.plain(options, setting, paths);
            };
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return Map.of(
                    "anyOf",
                    List.of(
                            Map.of("const", "auto"),
                            Map.of("type", "boolean"),
                            OPTIONS.schema(setting)));
        }

        @Override
        public String expected(Setting setting) {
            return "\"auto\", true, false or an object";
        }

        @Override
        public Optional<RecordType> record() {
            return Optional.of(OPTIONS);
        }
    }

    /// The list of stages; each is read by the record that its `stage` names.
    record StagesType() implements SettingType {
        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            if (!(value instanceof ArrayValue(_, List<JsonValue> items))) {
                return binder.wrongType(value, expected(setting));
            }
            if (items.isEmpty()) {
                return binder.fail(
                        P_VALUE,
                        value,
                        "there are no stages",
                        "start with {\"stage\": \"model\", ...}");
            }
            var bound = new ArrayList<Object>();
            for (JsonValue item : items) {
                bound.add(binder.stage(item));
            }
            return bound.contains(Binder.FAILED) ? Binder.FAILED : List.copyOf(bound);
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            var plain = new ArrayList<Object>();
            for (Object item : (List<?>) value) {
                var stage = (StageSpec) item;
                var fields = new LinkedHashMap<String, Object>();
                fields.put("stage", stage.stage());
                ((Map<?, ?>)
                                RecordType.of(StageSpec.TYPES.get(stage.stage()))
                                        .plain(stage, setting, paths))
                        .forEach((key, field) -> fields.put((String) key, field));
                plain.add(fields);
            }
            return plain;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return PipelineSchema.stages();
        }

        @Override
        public String expected(Setting setting) {
            return "a list of stages";
        }
    }

    /// The nearest of some names as a remedy; empty when none is near.
    static String didYouMean(String name, List<String> names) {
        String nearest = Suggestion.nearest(name, names);
        return nearest.isEmpty() ? "" : "did you mean '" + nearest + "'?";
    }

    /// An object of settings: a record whose components carry `Setting`.
    record RecordType(Class<? extends Record> type, List<SettingComponent> components)
            implements SettingType {
        static RecordType of(Class<?> type) {
            var components = new ArrayList<SettingComponent>();
            for (var component : type.getRecordComponents()) {
                components.add(SettingComponent.of(component));
            }
            return new RecordType(type.asSubclass(Record.class), List.copyOf(components));
        }

        List<String> keys() {
            return components.stream().map(SettingComponent::key).toList();
        }

        /// The setting of that key, or of that second spelling.
        Optional<SettingComponent> find(String key) {
            return components.stream()
                    .filter(c -> c.key().equals(key) || List.of(c.setting().also()).contains(key))
                    .findFirst();
        }

        @Override
        public Object bind(JsonValue value, Setting setting, Binder binder) {
            return value instanceof ObjectValue object
                    ? binder.fields(this, object, "")
                    : binder.wrongType(value, expected(setting));
        }

        @Override
        public Object plain(Object value, Setting setting, Paths paths) {
            var plain = new LinkedHashMap<String, Object>();
            for (SettingComponent component : components) {
                Object field = component.get((Record) value);
                plain.put(
                        component.key(),
                        field == null
                                ? null
                                : component.type().plain(field, component.setting(), paths));
            }
            return plain;
        }

        @Override
        public Map<String, Object> schema(Setting setting) {
            return PipelineSchema.object(this, Map.of());
        }

        @Override
        public String expected(Setting setting) {
            return "an object with the keys " + String.join(", ", keys());
        }

        @Override
        public Optional<RecordType> record() {
            return Optional.of(this);
        }
    }
}
