package cglora.models.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The methods of texts, lists and dictionaries that templates may call: Python's, and only those
/// that change nothing.
final class Methods {
    private static final Set<String> OF_TEXTS =
            Set.of(
                    "strip",
                    "lstrip",
                    "rstrip",
                    "upper",
                    "lower",
                    "title",
                    "capitalize",
                    "split",
                    "rsplit",
                    "splitlines",
                    "startswith",
                    "endswith",
                    "replace",
                    "join",
                    "find",
                    "rfind",
                    "count",
                    "removeprefix",
                    "removesuffix",
                    "isdigit",
                    "isalpha",
                    "isalnum",
                    "isspace",
                    "isupper",
                    "islower");
    private static final Set<String> OF_DICTIONARIES = Set.of("items", "keys", "values", "get");
    private static final Set<String> OF_LISTS = Set.of("index", "count");

    private Methods() {}

    /// @return null where a value has no such method
    static Callable of(Object value, String name, Budget budget) {
        return switch (value) {
            case String s when OF_TEXTS.contains(name) ->
                    (positional, named) ->
                            onText(s, name, new Given(name, positional, named), budget);
            case Map<?, ?> map when OF_DICTIONARIES.contains(name) ->
                    (positional, named) ->
                            onDictionary(map, name, new Given(name, positional, named), budget);
            case List<?> list when OF_LISTS.contains(name) ->
                    (positional, named) ->
                            onList(list, name, new Given(name, positional, named), budget);
            case null, default -> null;
        };
    }

    private static Object onText(String s, String name, Given given, Budget budget) {
        budget.size(s.length());
        return switch (name) {
            case "strip" -> stripped(s, given.text(0, "chars", null), true, true);
            case "lstrip" -> stripped(s, given.text(0, "chars", null), true, false);
            case "rstrip" -> stripped(s, given.text(0, "chars", null), false, true);
            case "upper" -> s.toUpperCase(Locale.ROOT);
            case "lower" -> s.toLowerCase(Locale.ROOT);
            case "title" -> titled(s);
            case "capitalize" -> capitalized(s);
            case "split" ->
                    split(s, given.text(0, "sep", null), given.number(1, "maxsplit", -1), budget);
            case "rsplit" ->
                    splitBack(
                            s, given.text(0, "sep", null), given.number(1, "maxsplit", -1), budget);
            case "splitlines" -> budget.list(s.lines().map(line -> (Object) line).toList());
            case "startswith" -> starts(s, given.get(0, "prefix"), true);
            case "endswith" -> starts(s, given.get(0, "suffix"), false);
            case "replace" ->
                    replaced(
                            s,
                            given.text(0, "old"),
                            given.text(1, "new"),
                            given.number(2, "count", -1),
                            budget);
            case "join" -> joined(Values.items(given.get(0, "iterable"), budget), s, budget);
            case "find" -> points(s, s.indexOf(given.text(0, "sub")));
            case "rfind" -> points(s, s.lastIndexOf(given.text(0, "sub")));
            case "count" -> count(s, given.text(0, "sub"));
            case "removeprefix" -> {
                String prefix = given.text(0, "prefix");
                yield s.startsWith(prefix) ? s.substring(prefix.length()) : s;
            }
            case "removesuffix" -> {
                String suffix = given.text(0, "suffix");
                yield s.endsWith(suffix) ? s.substring(0, s.length() - suffix.length()) : s;
            }
            case "isdigit" -> !s.isEmpty() && s.codePoints().allMatch(Character::isDigit);
            case "isalpha" -> !s.isEmpty() && s.codePoints().allMatch(Character::isLetter);
            case "isalnum" -> !s.isEmpty() && s.codePoints().allMatch(Character::isLetterOrDigit);
            case "isspace" -> !s.isEmpty() && s.codePoints().allMatch(Methods::isBlank);
            case "isupper" ->
                    s.codePoints().anyMatch(Character::isUpperCase)
                            && s.codePoints().noneMatch(Character::isLowerCase);
            default ->
                    s.codePoints().anyMatch(Character::isLowerCase)
                            && s.codePoints().noneMatch(Character::isUpperCase);
        };
    }

    private static Object onDictionary(Map<?, ?> map, String name, Given given, Budget budget) {
        return switch (name) {
            case "get" -> {
                Object key = given.get(0, "key");
                yield map.containsKey(key) ? map.get(key) : given.get(1, "default", null);
            }
            case "keys" -> budget.list(new ArrayList<Object>(map.keySet()));
            case "values" -> budget.list(new ArrayList<Object>(map.values()));
            default -> pairs(map, budget);
        };
    }

    static List<Object> pairs(Map<?, ?> map, Budget budget) {
        var pairs = new ArrayList<Object>();
        for (var entry : map.entrySet()) {
            var pair = new ArrayList<Object>();
            pair.add(entry.getKey());
            pair.add(entry.getValue());
            pairs.add(pair);
        }
        return budget.list(pairs);
    }

    private static Object onList(List<?> list, String name, Given given, Budget budget) {
        Object wanted = given.get(0, "value");
        long count = 0;
        for (int i = 0; i < list.size(); i++) {
            if (Values.equal(list.get(i), wanted, budget)) {
                if (name.equals("index")) {
                    return (long) i;
                }
                count++;
            }
        }
        if (name.equals("index")) {
            throw new TemplateException("the value is not in the list");
        }
        return count;
    }

    /// What Python's `str.isspace` takes for blank.
    static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    /// @param characters that are taken off; null for blanks
    static String stripped(String s, String characters, boolean left, boolean right) {
        int from = 0;
        int to = s.length();
        while (left && from < to) {
            int c = s.codePointAt(from);
            if (characters == null ? !isBlank(c) : characters.indexOf(c) < 0) {
                break;
            }
            from += Character.charCount(c);
        }
        while (right && from < to) {
            int c = s.codePointBefore(to);
            if (characters == null ? !isBlank(c) : characters.indexOf(c) < 0) {
                break;
            }
            to -= Character.charCount(c);
        }
        return s.substring(from, to);
    }

    static String capitalized(String s) {
        if (s.isEmpty()) {
            return s;
        }
        int first = Character.charCount(s.codePointAt(0));
        return s.substring(0, first).toUpperCase(Locale.ROOT)
                + s.substring(first).toLowerCase(Locale.ROOT);
    }

    static String titled(String s) {
        var text = new StringBuilder();
        boolean inside = false;
        for (int c : s.codePoints().toArray()) {
            text.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return text.toString();
    }

    private static List<Object> split(String s, String separator, int most, Budget budget) {
        requireSeparator(separator);
        var parts = new ArrayList<Object>();
        String rest = separator == null ? stripped(s, null, true, false) : s;
        while (most < 0 || parts.size() < most) {
            int at = separator == null ? blank(rest) : rest.indexOf(separator);
            if (at < 0) {
                break;
            }
            parts.add(rest.substring(0, at));
            rest =
                    separator == null
                            ? stripped(rest.substring(at), null, true, false)
                            : rest.substring(at + separator.length());
            budget.size(rest.length());
        }
        if (separator != null || !rest.isEmpty()) {
            parts.add(rest);
        }
        return budget.list(parts);
    }

    private static List<Object> splitBack(String s, String separator, int most, Budget budget) {
        requireSeparator(separator);
        if (separator == null) {
            throw new TemplateException("rsplit needs 'sep' here");
        }
        var parts = new ArrayList<Object>();
        String rest = s;
        while (most < 0 || parts.size() < most) {
            int at = rest.lastIndexOf(separator);
            if (at < 0) {
                break;
            }
            parts.addFirst(rest.substring(at + separator.length()));
            rest = rest.substring(0, at);
            budget.size(rest.length());
        }
        parts.addFirst(rest);
        return budget.list(parts);
    }

    private static void requireSeparator(String separator) {
        if (separator != null && separator.isEmpty()) {
            throw new TemplateException("split at nothing");
        }
    }

    private static int blank(String s) {
        for (int i = 0; i < s.length(); i++) {
            if (isBlank(s.charAt(i))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean starts(String s, Object given, boolean begin) {
        List<?> all = given instanceof List<?> list ? list : List.of(given);
        for (Object one : all) {
            if (!(one instanceof String part)) {
                throw Values.wrong("a text", one);
            }
            if (begin ? s.startsWith(part) : s.endsWith(part)) {
                return true;
            }
        }
        return false;
    }

    /// @param most how often; negative for always
    static String replaced(String s, String old, String other, int most, Budget budget) {
        long times = old.isEmpty() ? s.length() + 1L : count(s, old);
        times = most < 0 ? times : Math.min(times, most);
        budget.size(s.length() + times * Math.max(0L, (long) other.length() - old.length()));
        if (most < 0 && !old.isEmpty()) {
            return s.replace(old, other);
        }
        var text = new StringBuilder();
        int from = 0;
        for (long i = 0; i < times; i++) {
            int at = old.isEmpty() ? from : s.indexOf(old, from);
            text.append(s, from, at).append(other);
            from = at + old.length();
            if (old.isEmpty() && from < s.length()) {
                text.append(s.charAt(from++));
            }
        }
        return text.append(s.substring(from)).toString();
    }

    private static long count(String s, String part) {
        if (part.isEmpty()) {
            return s.codePointCount(0, s.length()) + 1L;
        }
        long count = 0;
        for (int at = s.indexOf(part); at >= 0; at = s.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static long points(String s, int at) {
        return at < 0 ? -1 : s.codePointCount(0, at);
    }

    static String joined(List<Object> items, String between, Budget budget) {
        var text = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            String part = Values.text(items.get(i), budget);
            budget.step();
            if (text.length() + (long) part.length() + between.length() > Budget.LONGEST) {
                budget.size(Budget.LONGEST + 1L);
            }
            text.append(i == 0 ? "" : between).append(part);
        }
        return budget.text(text.toString());
    }
}
