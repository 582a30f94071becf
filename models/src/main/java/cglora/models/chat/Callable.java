package cglora.models.chat;

import java.util.List;
import java.util.Map;

/// Something that a template may call: a global function, a macro, or a method that is listed in
/// [Methods]. Nothing else can be called.
@FunctionalInterface
interface Callable {
    Object call(List<Object> positional, Map<String, Object> named);
}
