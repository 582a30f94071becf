package cglora.models.chat;

import java.util.LinkedHashMap;
import java.util.Map;

/// Values by name, whose attributes a template may read; also set, where it made them itself.
///
/// @param isOpen whether `set` may change it
record Namespace(Map<String, Object> values, boolean isOpen) {
    static Namespace open(Map<String, Object> values) {
        return new Namespace(new LinkedHashMap<>(values), true);
    }

    Object get(String name) {
        return values.containsKey(name) ? values.get(name) : Undefined.NAMELESS;
    }
}
