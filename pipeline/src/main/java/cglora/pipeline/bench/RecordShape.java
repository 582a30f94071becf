package cglora.pipeline.bench;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// Whether JSON has the keys and types of a Java record: what is looked for before it becomes one,
/// so that the first key that is missing, unknown, null or of another type is named.
///
/// Components are records, strings, numbers, enums and lists of these. A `Double` may be null, an
/// element of a list may not.
final class RecordShape {
    private static final int SHOWN = 40;

    private RecordShape() {}

    /// What is wrong first, by its JSON pointer; empty when nothing is.
    static String problem(JsonNode node, Class<?> type) {
        return problem("", node, type);
    }

    private static String problem(String at, JsonNode node, Type type) {
        if (type instanceof ParameterizedType list) {
            return elements(at, node, list.getActualTypeArguments()[0]);
        }
        Class<?> plain = (Class<?>) type;
        if (plain.isRecord()) {
            return components(at, node, plain);
        }
        if (plain.isEnum()) {
            List<String> names =
                    Arrays.stream(plain.getEnumConstants()).map(Object::toString).toList();
            return node.isString() && names.contains(node.stringValue())
                    ? ""
                    : expected(at, node, "one of " + String.join(", ", names));
        }
        if (plain == String.class) {
            return node.isString() ? "" : expected(at, node, "a text");
        }
        if (plain == double.class || plain == Double.class) {
            return node.isNumber() && Double.isFinite(node.doubleValue())
                    ? ""
                    : expected(at, node, "a number");
        }
        boolean fits =
                node.isIntegralNumber()
                        && (plain == int.class ? node.canConvertToInt() : node.canConvertToLong());
        return fits ? "" : expected(at, node, "a whole number");
    }

    private static String components(String at, JsonNode node, Class<?> type) {
        if (!node.isObject()) {
            return expected(at, node, "an object");
        }
        Map<String, RecordComponent> components = new LinkedHashMap<>();
        for (RecordComponent component : type.getRecordComponents()) {
            components.put(key(component), component);
        }
        for (String name : node.propertyNames()) {
            if (!components.containsKey(name)) {
                return "%s/%s is unknown, expected %s"
                        .formatted(
                                at,
                                name,
                                components.keySet().stream().collect(Collectors.joining(", ")));
            }
        }
        for (var component : components.entrySet()) {
            JsonNode value = node.path(component.getKey());
            boolean mayBeNull = component.getValue().getType() == Double.class;
            if (mayBeNull && value.isNull()) {
                continue;
            }
            String problem =
                    problem(
                            at + "/" + component.getKey(),
                            value,
                            component.getValue().getGenericType());
            if (!problem.isEmpty()) {
                return problem;
            }
        }
        return "";
    }

    private static String elements(String at, JsonNode node, Type element) {
        if (!node.isArray()) {
            return expected(at, node, "a list");
        }
        for (int i = 0; i < node.size(); i++) {
            String problem = problem(at + "/" + i, node.get(i), element);
            if (!problem.isEmpty()) {
                return problem;
            }
        }
        return "";
    }

    private static String key(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    private static String expected(String at, JsonNode node, String what) {
        String found = node.isMissingNode() ? "missing" : node.toString();
        return "%s is %s, expected %s"
                .formatted(
                        at.isEmpty() ? "it" : at,
                        found.length() <= SHOWN ? found : found.substring(0, SHOWN) + "…",
                        what);
    }
}
