package cglora.models.chat;

import java.util.List;
import java.util.Map;

/// The arguments of a call, by place or by name.
///
/// @param what is called, for messages
record Given(String what, List<Object> positional, Map<String, Object> named) {
    Given {
        if (positional.size() > 8) {
            throw new TemplateException(what + " has " + positional.size() + " arguments");
        }
    }

    boolean has(int place, String name) {
        return place < positional.size() || named.containsKey(name);
    }

    Object get(int place, String name) {
        if (!has(place, name)) {
            throw new TemplateException(what + " needs '" + name + "'");
        }
        return place < positional.size() ? positional.get(place) : named.get(name);
    }

    Object get(int place, String name, Object otherwise) {
        return has(place, name) ? get(place, name) : otherwise;
    }

    String text(int place, String name) {
        if (get(place, name) instanceof String s) {
            return s;
        }
        throw Values.wrong("a text", get(place, name));
    }

    /// Null where it is left out, or None.
    String text(int place, String name, String otherwise) {
        return has(place, name) && get(place, name) != null ? text(place, name) : otherwise;
    }

    int number(int place, String name, int otherwise) {
        long value = has(place, name) ? Values.whole(get(place, name)) : otherwise;
        return Math.clamp(value, Integer.MIN_VALUE + 1, Integer.MAX_VALUE);
    }
}
