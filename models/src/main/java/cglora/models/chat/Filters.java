package cglora.models.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Jinja's filters that chat templates use (jinja2, filters.py), and transformers' `tojson`.
final class Filters {
    private final Budget budget;
    private final Tests tests;
    private final Lookup lookup;

    Filters(Budget budget, Tests tests, Lookup lookup) {
        this.budget = budget;
        this.tests = tests;
        this.lookup = lookup;
    }

    Object apply(String name, Object value, List<Object> positional, Map<String, Object> named) {
        var given = new Given(name, positional, named);
        return switch (name) {
            case "trim" -> Methods.stripped(text(value), given.text(0, "chars", null), true, true);
            case "upper" -> text(value).toUpperCase(Locale.ROOT);
            case "lower" -> text(value).toLowerCase(Locale.ROOT);
            case "capitalize" -> Methods.capitalized(text(value));
            case "title" -> Methods.titled(text(value));
            case "string" -> budget.text(text(value));
            case "safe" -> value;
            case "escape", "e" -> escaped(text(value));
            case "replace" ->
                    Methods.replaced(
                            text(value),
                            given.text(0, "s"),
                            given.text(1, "new"),
                            given.number(2, "count", -1),
                            budget);
            case "indent" -> indented(text(value), given);
            case "tojson" -> json(value, given);
            case "int" -> whole(value, given.get(0, "default", 0L));
            case "float" -> real(value, given.get(0, "default", 0.0));
            case "abs" ->
                    Values.isWhole(value)
                            ? (Object) Math.abs(Values.whole(value))
                            : (Object) Math.abs(Values.real(value));
            case "round" -> Math.rint(Values.real(value));
            case "default", "d" ->
                    value instanceof Undefined
                                    || Values.isTrue(given.get(1, "boolean", false))
                                            && !Values.isTrue(value)
                            ? given.get(0, "default_value", "")
                            : value;
            default -> ofMany(name, value, given);
        };
    }

    private Object ofMany(String name, Object value, Given given) {
        return switch (name) {
            case "length", "count" -> length(value);
            case "first" -> end(Values.items(value, budget), true);
            case "last" -> end(Values.items(value, budget), false);
            case "list" -> Values.items(value, budget);
            case "reverse" ->
                    value instanceof String s
                            ? new StringBuilder(s).reverse().toString()
                            : Values.items(value, budget).reversed();
            case "join" -> joined(value, given);
            case "items" ->
                    value instanceof Undefined
                            ? List.of()
                            : Methods.pairs(dictionary(value), budget);
            case "dictsort" ->
                    Methods.pairs(dictionary(value), budget).stream()
                            .sorted((a, b) -> ordered(key(a, 0), key(b, 0), false))
                            .toList();
            case "sort" -> sorted(Values.items(value, budget), given);
            case "unique" -> unique(Values.items(value, budget));
            case "sum" -> sum(Values.items(value, budget));
            case "min", "max" -> {
                Comparator<Object> order = (a, b) -> ordered(a, b, false);
                yield Values.items(value, budget).stream()
                        .reduce(
                                (a, b) ->
                                        order.compare(b, a) < 0 == name.equals("min")
                                                        && order.compare(a, b) != 0
                                                ? b
                                                : a)
                        .orElse(Undefined.NAMELESS);
            }
            case "map" -> mapped(Values.items(value, budget), given);
            case "select", "reject" ->
                    chosen(Values.items(value, budget), given, 0, null, name.equals("select"));
            case "selectattr", "rejectattr" ->
                    chosen(
                            Values.items(value, budget),
                            given,
                            1,
                            given.text(0, "attribute"),
                            name.equals("selectattr"));
            default -> throw new TemplateException("the filter '" + name + "' is not there");
        };
    }

    private String text(Object value) {
        return Values.text(value, budget);
    }

    private static Map<?, ?> dictionary(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw Values.wrong("a dictionary", value);
    }

    private static long length(Object value) {
        return switch (value) {
            case String s -> s.codePointCount(0, s.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Undefined _ -> 0;
            case null, default -> throw Values.wrong("a text, a list or a dictionary", value);
        };
    }

    private static Object end(List<Object> items, boolean first) {
        return items.isEmpty() ? Undefined.NAMELESS : first ? items.getFirst() : items.getLast();
    }

    private String escaped(String s) {
        budget.size(6L * s.length());
        return s.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    private String indented(String s, Given given) {
        Object width = given.get(0, "width", 4L);
        String indent =
                width instanceof String text
                        ? text
                        : " ".repeat(Math.clamp(Values.whole(width), 0, 1000));
        boolean first = Values.isTrue(given.get(1, "first", false));
        boolean blank = Values.isTrue(given.get(2, "blank", false));
        String[] lines = s.split("\n", -1);
        budget.size(s.length() + (long) lines.length * indent.length());
        var text = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            boolean set = i == 0 ? first : blank || !lines[i].isEmpty();
            text.append(i == 0 ? "" : "\n").append(set ? indent : "").append(lines[i]);
        }
        return text.toString();
    }

    private String json(Object value, Given given) {
        boolean ascii = Values.isTrue(given.get(0, "ensure_ascii", false));
        Object indent = given.get(1, "indent", null);
        Object separators = given.get(2, "separators", null);
        boolean sorted = Values.isTrue(given.get(3, "sort_keys", false));
        String between = indent == null ? ", " : ",";
        String behind = ": ";
        if (separators instanceof List<?> two && two.size() == 2) {
            between = text(two.get(0));
            behind = text(two.get(1));
        }
        String set =
                indent == null
                        ? null
                        : indent instanceof String s
                                ? s
                                : " ".repeat(Math.clamp(Values.whole(indent), 0, 100));
        return new PythonJson(set, between, behind, ascii, sorted).write(value, budget);
    }

    private static Object whole(Object value, Object otherwise) {
        try {
            return switch (value) {
                case String s -> Long.parseLong(s.strip());
                case Double d -> (long) (double) d;
                case Long _, Boolean _ -> Values.whole(value);
                case null, default -> otherwise;
            };
        } catch (NumberFormatException e) {
            Object real = real(value, null);
            return real == null ? otherwise : (Object) (long) (double) (Double) real;
        }
    }

    private static Object real(Object value, Object otherwise) {
        try {
            return value instanceof String s
                    ? (Object) Double.parseDouble(s.strip())
                    : Values.isNumber(value) ? (Object) Values.real(value) : otherwise;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    private String joined(Object value, Given given) {
        List<Object> items = Values.items(value, budget);
        if (given.has(1, "attribute")) {
            String attribute = given.text(1, "attribute");
            items.replaceAll(item -> lookup.path(item, attribute));
        }
        return Methods.joined(items, given.text(0, "d", ""), budget);
    }

    private List<Object> mapped(List<Object> items, Given given) {
        if (given.named().containsKey("attribute")) {
            String attribute = Values.text(given.named().get("attribute"), budget);
            Object otherwise = given.named().get("default");
            items.replaceAll(
                    item -> {
                        Object found = lookup.path(item, attribute);
                        return found instanceof Undefined && otherwise != null ? otherwise : found;
                    });
            return items;
        }
        String filter = given.text(0, "filter");
        List<Object> rest = given.positional().subList(1, given.positional().size());
        items.replaceAll(item -> apply(filter, item, rest, given.named()));
        return items;
    }

    /// @param place     of the test's name among the arguments
    /// @param attribute that is tested; null for the item itself
    private List<Object> chosen(
            List<Object> items, Given given, int place, String attribute, boolean takes) {
        var chosen = new ArrayList<Object>();
        List<Object> all = given.positional();
        List<Object> rest = all.subList(Math.min(all.size(), place + 1), all.size());
        for (Object item : items) {
            budget.step();
            Object value = attribute == null ? item : lookup.path(item, attribute);
            boolean holds =
                    given.has(place, "test")
                            ? tests.holds(given.text(place, "test"), value, rest)
                            : Values.isTrue(value);
            if (holds == takes) {
                chosen.add(item);
            }
        }
        return chosen;
    }

    private List<Object> sorted(List<Object> items, Given given) {
        boolean reverse = Values.isTrue(given.get(0, "reverse", false));
        boolean cased = Values.isTrue(given.get(1, "case_sensitive", false));
        String attribute = given.text(2, "attribute", null);
        Comparator<Object> order = (a, b) -> ordered(of(a, attribute), of(b, attribute), cased);
        try {
            items.sort(reverse ? order.reversed() : order);
        } catch (IllegalArgumentException e) {
            throw new TemplateException("the values have no order");
        }
        return items;
    }

    private Object of(Object item, String attribute) {
        return attribute == null ? item : lookup.path(item, attribute);
    }

    private int ordered(Object one, Object other, boolean cased) {
        return Values.compare(folded(one, cased), folded(other, cased), budget);
    }

    private static Object folded(Object value, boolean cased) {
        return value instanceof String s && !cased ? s.toLowerCase(Locale.ROOT) : value;
    }

    private static Object key(Object pair, int place) {
        return ((List<?>) pair).get(place);
    }

    private List<Object> unique(List<Object> items) {
        var found = new ArrayList<Object>();
        for (Object item : items) {
            if (found.stream()
                    .noneMatch(f -> Values.equal(folded(f, false), folded(item, false), budget))) {
                found.add(item);
            }
        }
        return found;
    }

    private static Object sum(List<Object> items) {
        if (items.stream().allMatch(Values::isWhole)) {
            return items.stream().mapToLong(Values::whole).sum();
        }
        return items.stream().mapToDouble(Values::real).sum();
    }
}
