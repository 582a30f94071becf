package cglora.models.chat;

import java.util.List;
import java.util.Map;

/// What stands behind a point or in brackets. There are values and the methods that [Methods]
/// lists, nothing of Java.
record Lookup(Budget budget) {
    /// `of.name`: a method before an entry of a dictionary, as Jinja does.
    Object attribute(Object of, String name) {
        if (of instanceof Undefined u) {
            throw u.error(" has no attribute '" + name + "'");
        }
        Callable method = Methods.of(of, name, budget);
        if (method != null) {
            return method;
        }
        return switch (of) {
            case Map<?, ?> map when map.containsKey(name) -> map.get(name);
            case Namespace namespace -> namespace.get(name);
            case null, default -> new Undefined(name);
        };
    }

    /// `of[index]`: an entry before a method.
    Object item(Object of, Object index) {
        return switch (of) {
            case Undefined u -> throw u.error(" has no items");
            case Map<?, ?> map when map.containsKey(index) -> map.get(index);
            case List<?> list when index instanceof Long i ->
                    place(i, list.size()) < 0
                            ? Undefined.NAMELESS
                            : list.get(place(i, list.size()));
            case String s when index instanceof Long i -> {
                int points = s.codePointCount(0, s.length());
                int at = place(i, points);
                if (at < 0) {
                    yield Undefined.NAMELESS;
                }
                int from = s.offsetByCodePoints(0, at);
                yield Character.toString(s.codePointAt(from));
            }
            case null, default ->
                    index instanceof String name ? attribute(of, name) : Undefined.NAMELESS;
        };
    }

    /// @return -1 where there is no such place
    private static int place(long index, int size) {
        long at = index < 0 ? index + size : index;
        return at < 0 || at >= size ? -1 : (int) at;
    }

    /// `a.b.0` of a filter's attribute.
    Object path(Object of, String path) {
        Object found = of;
        for (String part : path.split("\\.")) {
            found = part.matches("\\d{1,9}") ? item(found, Long.valueOf(part)) : item(found, part);
        }
        return found;
    }
}
