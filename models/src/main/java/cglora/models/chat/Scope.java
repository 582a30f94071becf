package cglora.models.chat;

import java.util.HashMap;
import java.util.Map;

/// Names and what they stand for; a loop and a macro have scopes of their own, which see those
/// around them.
final class Scope {
    private final Scope around;
    private final Map<String, Object> values = new HashMap<>();

    /// @param around null for the outermost
    Scope(Scope around) {
        this.around = around;
    }

    void set(String name, Object value) {
        values.put(name, value);
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.around) {
            if (scope.values.containsKey(name)) {
                return scope.values.get(name);
            }
        }
        return new Undefined(name);
    }
}
