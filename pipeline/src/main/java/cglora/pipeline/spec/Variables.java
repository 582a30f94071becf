package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VARIABLE;

import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.BrokenValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Puts values in the place of `${var}`, `${env:NAME}` and `${env:NAME:-default}`; `$$` is a dollar
/// sign. A variable that is the whole of a string keeps its type.
final class Variables {
    /// Variables that hold variables could double the text each time.
    private static final int MAX_TEXT = 1 << 20;

    /// So could lists and objects.
    private static final long MAX_VALUES = 1 << 20;

    private final Map<String, JsonValue> definitions;
    private final Map<String, String> environment;
    private final Problems problems;
    private final Map<String, JsonValue> known = new HashMap<>();
    private final Map<String, Long> sizes = new HashMap<>();
    private final Deque<String> open = new ArrayDeque<>();
    private long values;
    private boolean tooMany;

    Variables(
            Map<String, JsonValue> definitions,
            Map<String, String> environment,
            Problems problems) {
        this.definitions = definitions;
        this.environment = environment;
        this.problems = problems;
    }

    /// The variables that were asked for so far.
    Set<String> used() {
        return known.keySet();
    }

    JsonValue expand(JsonValue value) {
        values += open.isEmpty() ? 0 : 1;
        return switch (value) {
            case ObjectValue object -> {
                var members = new LinkedHashMap<String, Member>();
                object.members()
                        .forEach(
                                (key, member) ->
                                        members.put(
                                                key,
                                                new Member(
                                                        member.nameOrigin(),
                                                        expand(member.value()))));
                yield new ObjectValue(object.origin(), members);
            }
            case ArrayValue array ->
                    new ArrayValue(
                            array.origin(), array.items().stream().map(this::expand).toList());
            case StringValue string -> string.text().indexOf('$') < 0 ? string : expandText(string);
            case NumberValue _, BooleanValue _, NullValue _, BrokenValue _ -> value;
        };
    }

    private JsonValue expandText(StringValue string) {
        String text = string.text();
        var parts = new ArrayList<JsonValue>();
        var literal = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            char next = i + 1 < text.length() ? text.charAt(i + 1) : ' ';
            if (c == '$' && next == '$') {
                literal.append('$');
                i += 2;
            } else if (c == '$' && next == '{') {
                int end = text.indexOf('}', i);
                if (end < 0) {
                    return broken(string, "'${' without '}'", "a dollar sign itself is $$");
                }
                if (!literal.isEmpty()) {
                    parts.add(new StringValue(string.origin(), literal.toString()));
                    literal.setLength(0);
                }
                parts.add(reference(string, text.substring(i + 2, end)));
                i = end + 1;
            } else {
                literal.append(c);
                i++;
            }
        }
        if (!literal.isEmpty()) {
            parts.add(new StringValue(string.origin(), literal.toString()));
        }
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        return join(string, parts);
    }

    private JsonValue join(StringValue string, List<JsonValue> parts) {
        var joined = new StringBuilder();
        for (JsonValue part : parts) {
            switch (part) {
                case StringValue(_, String text) -> joined.append(text);
                case NumberValue(_, String text) -> joined.append(text);
                case BooleanValue(_, boolean flag) -> joined.append(flag);
                case BrokenValue _ -> {
                    return new BrokenValue(string.origin());
                }
                case ObjectValue _, ArrayValue _, NullValue _ -> {
                    return broken(
                            string,
                            part.describe()
                                    + " cannot be part of the text \""
                                    + string.text()
                                    + '"',
                            "such a variable must be the whole of a string");
                }
            }
            if (joined.length() > MAX_TEXT) {
                return broken(string, "more than " + MAX_TEXT + " characters by variables", "");
            }
        }
        return new StringValue(string.origin(), joined.toString());
    }

    private JsonValue reference(StringValue place, String name) {
        if (name.startsWith("env:")) {
            return environment(place, name.substring(4));
        }
        if (open.contains(name)) {
            var chain = new ArrayList<String>();
            open.descendingIterator().forEachRemaining(chain::add);
            chain.subList(0, chain.indexOf(name)).clear();
            chain.add(name);
            return broken(
                    place,
                    "a variable refers to itself: " + String.join(" -> ", chain),
                    "give one of them a value of its own");
        }
        JsonValue value = known.get(name);
        if (value == null) {
            JsonValue definition = definitions.get(name);
            if (definition == null) {
                String near = Suggestion.nearest(name, definitions.keySet());
                return broken(
                        place,
                        "the variable ${" + name + "} is not defined",
                        near.isEmpty()
                                ? "define it in \"vars\", or with --var " + name + "=VALUE"
                                : "did you mean ${" + near + "}?");
            }
            open.push(name);
            long before = values;
            value = expand(definition);
            open.pop();
            known.put(name, value);
            sizes.put(name, values - before);
        } else {
            values += sizes.get(name);
        }
        if (values > MAX_VALUES) {
            return tooMany(place, name);
        }
        return value.withOrigin(place.origin().via(value.origin()));
    }

    /// Told once: whatever else is put in has no end, either.
    private JsonValue tooMany(StringValue place, String name) {
        if (tooMany) {
            return new BrokenValue(place.origin());
        }
        tooMany = true;
        return broken(
                place,
                "more than " + MAX_VALUES + " values by variables, here by ${" + name + "}",
                "write fewer lists of variables that hold lists");
    }

    private JsonValue environment(StringValue place, String name) {
        int mark = name.indexOf(":-");
        String variable = mark < 0 ? name : name.substring(0, mark);
        String value = environment.get(variable);
        if (value == null || (mark >= 0 && value.isEmpty())) {
            if (mark < 0) {
                return broken(
                        place,
                        "the environment variable " + variable + " is not set",
                        "set it, or give a default: ${env:" + variable + ":-value}");
            }
            value = name.substring(mark + 2);
        }
        return new StringValue(place.origin(), value);
    }

    private BrokenValue broken(StringValue place, String what, String fix) {
        problems.error(P_VARIABLE, place.origin().toString(), what, fix);
        return new BrokenValue(place.origin());
    }
}
