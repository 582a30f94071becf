package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.Whitening;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Which linear layers get an adapter, and of which rank and alpha: PEFT's rules, but an entry
/// that matches nothing is an error.
public final class TargetSelection {
    /// How layers are named.
    public sealed interface Target {
        /// Every linear layer of the model but its head.
        record AllLinear() implements Target {}

        /// A regular expression over the whole name.
        record Matching(String regex) implements Target {}

        /// Names, or their ends behind a dot.
        record Names(List<String> names) implements Target {}
    }

    /// Settings that layers share unless a pattern says otherwise.
    ///
    /// @param whitening null for plain coordinates
    public record Options(
            int r,
            double loraAlpha,
            boolean useRslora,
            double loraDropout,
            Map<String, Integer> rankPattern,
            Map<String, Double> alphaPattern,
            Whitening whitening) {}

    private TargetSelection() {}

    /// @param modules all linear layers
    /// @param exclude null for none
    /// @throws CgloraException A-TARGET or A-RANK, with everything that is wrong
    public static List<LoraLayer> select(
            List<LinearModule> modules, Target target, Target exclude, Options options) {
        var problems = new Problems();
        var chosen = new LinkedHashSet<>(match(modules, target, "target_modules", problems));
        if (exclude != null) {
            match(modules, exclude, "exclude_modules", problems).forEach(chosen::remove);
        }
        if (chosen.isEmpty() && !problems.hasErrors()) {
            problems.error(
                    ErrorCode.A_TARGET,
                    "",
                    "every matched module is excluded",
                    "correct exclude_modules");
        }
        for (String key : options.rankPattern().keySet()) {
            requireMatch(key, chosen, "rank_pattern", problems);
        }
        for (String key : options.alphaPattern().keySet()) {
            requireMatch(key, chosen, "alpha_pattern", problems);
        }
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : modules) {
            if (!chosen.contains(module)) {
                continue;
            }
            int r = pattern(options.rankPattern(), module, options.r());
            double alpha = pattern(options.alphaPattern(), module, options.loraAlpha());
            int limit = Math.min(module.in(), module.out());
            if (r > limit) {
                problems.error(
                        ErrorCode.A_RANK,
                        module.name(),
                        "r is %d, the layer is %d × %d".formatted(r, module.out(), module.in()),
                        "at most " + limit);
            }
            layers.add(
                    new LoraLayer(
                            module,
                            r,
                            (float) (alpha / (options.useRslora() ? Math.sqrt(r) : r)),
                            (float) options.loraDropout(),
                            options.whitening()));
        }
        problems.throwIfAny();
        return layers;
    }

    private static List<LinearModule> match(
            List<LinearModule> modules, Target target, String setting, Problems problems) {
        return switch (target) {
            case Target.AllLinear() -> modules;
            case Target.Matching(String regex) -> {
                var pattern = new NamePattern(regex, setting);
                yield found(modules, m -> pattern.matches(m.name()), regex, setting, problems);
            }
            case Target.Names(List<String> names) -> {
                var all = new ArrayList<LinearModule>();
                for (String name : names) {
                    all.addAll(
                            found(
                                    modules,
                                    m -> m.name().equals(name) || m.name().endsWith("." + name),
                                    name,
                                    setting,
                                    problems));
                }
                yield all;
            }
        };
    }

    private static List<LinearModule> found(
            List<LinearModule> modules,
            Predicate<LinearModule> predicate,
            String entry,
            String setting,
            Problems problems) {
        List<LinearModule> found = modules.stream().filter(predicate).toList();
        if (found.isEmpty()) {
            var ends = new LinkedHashSet<String>();
            modules.forEach(m -> ends.add(m.name().substring(m.name().lastIndexOf('.') + 1)));
            String near = Suggestion.nearest(entry, ends);
            problems.error(
                    ErrorCode.A_TARGET,
                    "",
                    "%s entry '%s' matches none of this model's %d linear modules"
                            .formatted(setting, entry, modules.size()),
                    near.isEmpty() ? String.join(", ", ends) : "did you mean '" + near + "'?");
        }
        return found;
    }

    private static void requireMatch(
            String key, Iterable<LinearModule> modules, String setting, Problems problems) {
        if (key.startsWith("^") || key.endsWith("$")) {
            problems.error(
                    ErrorCode.A_TARGET,
                    "",
                    setting + " key '" + key + "' is anchored",
                    "keys match the end of a module's path by themselves; leave out ^ and $");
            return;
        }
        NamePattern pattern = NamePattern.ofKey(key, setting);
        for (LinearModule module : modules) {
            if (pattern.matches(module.name())) {
                return;
            }
        }
        problems.error(
                ErrorCode.A_TARGET,
                "",
                setting + " key '" + key + "' matches no adapted module",
                "correct the key");
    }

    private static <V> V pattern(Map<String, V> patterns, LinearModule module, V otherwise) {
        for (var entry : new LinkedHashMap<>(patterns).entrySet()) {
            if (NamePattern.ofKey(entry.getKey(), "rank_pattern or alpha_pattern")
                    .matches(module.name())) {
                return entry.getValue();
            }
        }
        return otherwise;
    }
}
