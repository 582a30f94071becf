package cglora.pipeline.compare;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Methods, each at the rate that is its best on the validation split, over seeds. Runs of other
/// data, models or remaining settings are compared apart, in sections of their own.
///
/// @param options  as they were asked for, the metric filled in
/// @param sections at least one
public record GridComparison(Options options, List<Section> sections) {
    private static final String SEED = "seed";
    private static final String NAME = "name";

    /// Stands for the value of a setting that a run does not have.
    private static final String NONE = "-";

    /// Paths of settings that belong to one method, and that method.
    private static final Map<String, String> OPTIONS =
            Map.of(
                    "adapter.cg.", "cg-lora",
                    "adapter.lora_ga.", "lora-ga",
                    "adapter.lora_one.", "lora-one");

    /// @param by         settings that make a method: `adapter.method`
    /// @param best       the setting of which each method gets its best value
    /// @param metric     that is reported beside the loss; null takes the first that the runs have
    /// @param choose     the validation metric that chooses the value of `best`
    /// @param lossTarget validation loss to be reached; null takes the largest of the methods' own
    /// @param against    the method that the others are tested against; null takes the one that is
    ///     best on the validation split
    public record Options(
            List<String> by,
            String best,
            String metric,
            String choose,
            Double lossTarget,
            String against) {
        public Options {
            by = List.copyOf(by);
        }

        Options withMetric(String other) {
            return new Options(by, best, other, choose, lossTarget, against);
        }
    }

    /// Runs whose other settings are the same.
    ///
    /// @param name      of its runs' pipelines where that tells the sections apart, otherwise
    ///     the title
    /// @param title     what sets it apart; empty for the only one
    /// @param along     settings that differ together with the method
    /// @param methods   in the order of the runs
    /// @param reference that the others are tested against
    /// @param target    validation loss to be reached
    /// @param tests     of the other methods, on the metric and on the loss
    public record Section(
            String name,
            String title,
            List<String> along,
            List<Method> methods,
            Method reference,
            double target,
            List<Comparison> tests) {
        /// Whether the name stands for the title.
        boolean isNamed() {
            return !name.equals(title);
        }
    }

    public GridComparison {
        sections = List.copyOf(sections);
    }

    /// @param notes is told of what deserves a look
    /// @throws CgloraException P-SET, P-VALUE or D-EMPTY where this cannot be compared
    public static GridComparison of(List<RunRecord> runs, Options asked, Problems notes) {
        Set<String> known = new TreeSet<>();
        runs.forEach(run -> known.addAll(run.settings().keySet()));
        var paths = new ArrayList<>(asked.by());
        paths.add(asked.best());
        for (String path : paths) {
            if (!known.contains(path)) {
                String near = Suggestion.nearest(path, List.copyOf(known));
                throw new CgloraException(
                        ErrorCode.P_SET,
                        path,
                        "no run has this setting",
                        near.isEmpty()
                                ? "settings are called as in --set"
                                : "did you mean '" + near + "'?");
            }
        }
        Options options = asked.metric() == null ? asked.withMetric(firstMetric(runs)) : asked;
        requireMeasured(runs, options);
        var groups = new LinkedHashMap<String, List<RunRecord>>();
        var apart = new TreeSet<>(differing(runs, path -> isData(path) && !isAside(path, options)));
        group(runs, apart).values().forEach(same -> groups.putAll(subgroups(same, apart, options)));
        Map<String, String> names = names(groups);
        var sections = new ArrayList<Section>();
        groups.forEach(
                (title, same) ->
                        sections.add(
                                section(
                                        names.get(title),
                                        groups.size() == 1 ? "" : title,
                                        same,
                                        options,
                                        notes)));
        return new GridComparison(options, sections);
    }

    /// A metric that every run has on the test split, the loss apart.
    private static String firstMetric(List<RunRecord> runs) {
        return runs.getFirst().states().getOrDefault(RunRecord.TEST, Map.of()).keySet().stream()
                .filter(metric -> !metric.equals("loss"))
                .filter(metric -> runs.stream().noneMatch(r -> Double.isNaN(r.test(metric))))
                .findFirst()
                .orElse("loss");
    }

    private static void requireMeasured(List<RunRecord> runs, Options options) {
        for (RunRecord run : runs) {
            if (Double.isNaN(run.validation(options.choose()))) {
                throw new CgloraException(
                        ErrorCode.D_EMPTY,
                        run.name(),
                        "has no "
                                + options.choose()
                                + " on the validation split, by which "
                                + options.best()
                                + " is chosen; the test split never is",
                        "train.eval_steps, or a stage evaluate with \"data\": \"validation\"");
            }
            if (Double.isNaN(run.test(options.metric()))) {
                throw new CgloraException(
                        ErrorCode.D_EMPTY,
                        run.name(),
                        "has no " + options.metric() + " on the test split",
                        "it has "
                                + String.join(
                                        ", ",
                                        run.states()
                                                .getOrDefault(RunRecord.TEST, Map.of())
                                                .keySet())
                                + "; a stage evaluate with \"data\": \"test\" measures there");
            }
        }
    }

    private static boolean isData(String path) {
        return path.startsWith("data.") || path.startsWith("model.");
    }

    /// What never sets runs apart: where they lie, and what computes.
    private static boolean isAside(String path, Options options) {
        return path.equals(SEED)
                || path.equals(NAME)
                || path.equals("output_dir")
                || path.equals("cglora")
                || path.startsWith("vars")
                || path.startsWith("engine.")
                || path.startsWith("export.")
                || path.startsWith("align.")
                || path.equals(options.best())
                || options.by().contains(path);
    }

    /// The settings that are not the same in all of these runs.
    static Set<String> differing(List<RunRecord> runs, Predicate<String> of) {
        Set<String> paths = new TreeSet<>();
        runs.forEach(run -> paths.addAll(run.settings().keySet()));
        paths.removeIf(
                path ->
                        !of.test(path)
                                || runs.stream().map(r -> value(r, path)).distinct().count() == 1);
        return paths;
    }

    /// The run's value of a setting; [#NONE] where it has none, or where its method makes no use
    /// of it.
    static String value(RunRecord run, String path) {
        return isUsed(run, path) ? run.settings().getOrDefault(path, NONE) : NONE;
    }

    /// Whether a setting is none of another method's options.
    private static boolean isUsed(RunRecord run, String path) {
        String method = run.settings().get("adapter.method");
        return method == null
                || OPTIONS.entrySet().stream()
                        .noneMatch(
                                e -> path.startsWith(e.getKey()) && !method.equals(e.getValue()));
    }

    /// By their values of these settings.
    private static Map<String, List<RunRecord>> group(List<RunRecord> runs, Set<String> by) {
        return runs.stream()
                .collect(
                        Collectors.groupingBy(
                                run -> title(run, by), LinkedHashMap::new, Collectors.toList()));
    }

    private static String title(RunRecord run, Set<String> by) {
        return by.stream()
                .map(path -> path + " = " + value(run, path))
                .collect(Collectors.joining(", "));
    }

    /// Runs of the same data, by the settings that differ within a method.
    private static Map<String, List<RunRecord>> subgroups(
            List<RunRecord> runs, Set<String> apart, Options options) {
        var by = new TreeSet<>(apart);
        group(runs, new LinkedHashSet<>(options.by()))
                .values()
                .forEach(method -> by.addAll(differing(method, path -> !isAside(path, options))));
        return group(runs, by);
    }

    /// Of each group the name of its pipelines, where all have one and no other group has it;
    /// its title otherwise.
    private static Map<String, String> names(Map<String, List<RunRecord>> groups) {
        var names = new LinkedHashMap<String, String>();
        groups.forEach(
                (title, runs) -> {
                    var own = new TreeSet<String>();
                    runs.forEach(run -> own.add(run.settings().getOrDefault(NAME, title)));
                    names.put(title, own.size() == 1 ? own.getFirst() : title);
                });
        boolean apart = new TreeSet<>(names.values()).size() == groups.size();
        return apart
                ? names
                : groups.keySet().stream()
                        .collect(Collectors.toMap(title -> title, title -> title));
    }

    /// The settings that differ together with the method; not the options of one method, which
    /// are the same wherever they are used.
    private static List<String> along(List<RunRecord> runs, Options options) {
        Set<String> along = differing(runs, path -> !isAside(path, options));
        along.removeIf(
                path ->
                        OPTIONS.keySet().stream().anyMatch(path::startsWith)
                                && runs.stream()
                                                .map(run -> value(run, path))
                                                .filter(value -> !value.equals(NONE))
                                                .distinct()
                                                .count()
                                        == 1);
        return List.copyOf(along);
    }

    private static Section section(
            String name, String title, List<RunRecord> runs, Options options, Problems notes) {
        var methods = new ArrayList<Method>();
        group(runs, new LinkedHashSet<>(options.by()))
                .values()
                .forEach(of -> methods.add(method(of, options, notes)));
        Method reference = reference(methods, options);
        double target =
                options.lossTarget() != null
                        ? options.lossTarget()
                        : methods.stream()
                                .mapToDouble(m -> m.chosen().validation("loss"))
                                .max()
                                .orElse(Double.NaN);
        var tests = new ArrayList<Comparison>();
        var metrics = new LinkedHashSet<>(List.of(options.metric(), "loss"));
        for (String metric : metrics) {
            List<Method> others = methods.stream().filter(m -> m != reference).toList();
            tests.addAll(Comparison.of(others, reference, metric));
        }
        return new Section(name, title, along(runs, options), methods, reference, target, tests);
    }

    private static Method method(List<RunRecord> runs, Options options, Problems notes) {
        String name =
                options.by().stream()
                        .map(path -> value(runs.getFirst(), path))
                        .filter(value -> !value.equals(NONE))
                        .collect(Collectors.joining(" "));
        var rates = new TreeMap<String, TreeMap<Long, RunRecord>>(GridComparison::inOrder);
        int repeated = 0;
        for (RunRecord run : runs) {
            long seed = Long.parseLong(run.settings().getOrDefault(SEED, "0"));
            var before =
                    rates.computeIfAbsent(value(run, options.best()), _ -> new TreeMap<>())
                            .put(seed, run);
            repeated += before == null ? 0 : 1;
        }
        if (repeated > 0) {
            notes.warning(
                    ErrorCode.P_DUPLICATE,
                    name,
                    repeated + " runs have the settings and the seed of another; the last is taken",
                    "");
        }
        var listed = new ArrayList<Rate>();
        rates.forEach((value, bySeed) -> listed.add(new Rate(value, bySeed)));
        return new Method(name, listed, choose(listed, options));
    }

    /// Numbers by their size, before texts such as `auto`.
    private static int inOrder(String one, String other) {
        double left = number(one);
        double right = number(other);
        int order = Double.compare(left, right);
        return order != 0 ? order : Double.isNaN(left) ? one.compareTo(other) : 0;
    }

    static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /// The best mean on the validation split, among the rates that have the most seeds: a rate
    /// some of whose runs failed is none to recommend.
    private static Rate choose(List<Rate> rates, Options options) {
        int most = rates.stream().mapToInt(Rate::count).max().orElseThrow();
        Comparator<Rate> order = Comparator.comparingDouble(r -> r.validation(options.choose()));
        if (!RunRecord.lessIsBetter(options.choose())) {
            order = Comparator.comparingDouble(r -> -r.validation(options.choose()));
        }
        return rates.stream().filter(r -> r.count() == most).min(order).orElseThrow();
    }

    private static Method reference(List<Method> methods, Options options) {
        if (options.against() != null) {
            return methods.stream()
                    .filter(m -> m.name().equals(options.against()))
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new CgloraException(
                                            ErrorCode.P_VALUE,
                                            "--against",
                                            "no method '" + options.against() + "'",
                                            "one of "
                                                    + methods.stream()
                                                            .map(Method::name)
                                                            .collect(Collectors.joining(", "))));
        }
        List<Rate> chosen = methods.stream().map(Method::chosen).toList();
        return methods.get(chosen.indexOf(choose(chosen, options)));
    }
}
