package cglora.pipeline.spec;

import cglora.kernels.error.Suggestion;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One kind of value: how it is read from JSON, written back, described in a message and in the
/// schema. Plain values are what JSON text is made of: maps, lists, strings, numbers, booleans and
/// null.
sealed interface SettingType
        permits TextType,
                BooleanType,
                IntegerType,
                NumberType,
                ChoiceType,
                ListType,
                MapType,
                FreeType,
                AutoType,
                TargetModulesType,
                FilesType,
                EvalStepsType,
                DataSplitType,
                AdapterSourceType,
                HeadWarmupType,
                StagesType,
                RecordType {
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
        if (type == DataSplit.class) {
            return new DataSplitType();
        }
        if (type == AdapterSource.class) {
            return new AdapterSourceType();
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

    /// The nearest of some names as a remedy; empty when none is near.
    static String didYouMean(String name, List<String> names) {
        String nearest = Suggestion.nearest(name, names);
        return nearest.isEmpty() ? "" : "did you mean '" + nearest + "'?";
    }
}
