package cglora.pipeline.spec;

import java.util.List;

/// Which modules, as PEFT understands it.
public sealed interface TargetModules {
    /// All linear modules but the head.
    record AllLinear() implements TargetModules {}

    /// Modules whose whole path matches the regular expression.
    record Matching(String regex) implements TargetModules {}

    /// Modules whose path is one of the names or ends with `.` and one of them.
    record Names(List<String> names) implements TargetModules {}
}
