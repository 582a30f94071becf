package cglora.pipeline.spec;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What the command line changes in a pipeline.
///
/// @param variables   `NAME=VALUE`, as in `--var`
/// @param set         `PATH=VALUE`, as in `--set`
/// @param unset       `PATH`, as in `--unset`
/// @param folder      relative paths in values start here
/// @param environment variables for `${env:NAME}`
public record Overrides(
        List<String> variables,
        List<String> set,
        List<String> unset,
        Path folder,
        Map<String, String> environment) {
    public Overrides {
        variables = List.copyOf(variables);
        set = List.copyOf(set);
        unset = List.copyOf(unset);
        environment = Map.copyOf(environment);
    }

    /// Changes nothing.
    public static Overrides none() {
        return of(List.of(), List.of(), List.of());
    }

    /// Options as they were given in this process.
    public static Overrides of(List<String> variables, List<String> set, List<String> unset) {
        return new Overrides(variables, set, unset, Path.of("").toAbsolutePath(), System.getenv());
    }
}
