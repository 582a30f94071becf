package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_DUPLICATE;
import static cglora.kernels.error.ErrorCode.P_SET;
import static cglora.kernels.error.ErrorCode.P_TYPE;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads a pipeline file as a grid: the cross product of the values that `--grid` and the file's
/// `grid` give to settings. An option replaces the file's axis of the same path.
public final class GridReader {
    /// More cells are taken for a mistake.
    static final int MAX_CELLS = 10_000;

    private static final Pattern RANGE = Pattern.compile("(-?\\d{1,15})\\.\\.(-?\\d{1,15})");
    private static final Set<String> COMMON = Set.of("cglora", "name", "output_dir", "engine");
    private static final int MAX_NAME = 120;

    private final Problems problems = new Problems();
    private final Overrides overrides;

    private GridReader(Overrides overrides) {
        this.overrides = overrides;
    }

    /// @param options `PATH=VALUES` as in `--grid`
    /// @throws CgloraException with everything that is wrong with any cell
    public static GridReading read(Path file, Overrides overrides, List<String> options) {
        return new GridReader(overrides).read(file, options);
    }

    private GridReading read(Path file, List<String> options) {
        var axes = new LinkedHashMap<String, List<GridChange>>();
        ofFile(PipelineReader.grid(file, overrides), axes);
        var given = new HashSet<String>();
        for (String option : options) {
            ofOption(option, axes, given);
        }
        axes.forEach(this::check);
        problems.throwIfAny();
        long count = 1;
        for (List<GridChange> values : axes.values()) {
            count *= values.size(); // at most MAX_CELLS each, and left once there are too many
            if (count > MAX_CELLS) {
                throw new CgloraException(
                        P_VALUE,
                        "grid",
                        "more than " + MAX_CELLS + " cells",
                        "give fewer values, or several grids");
            }
        }
        List<GridCell> cells = cells(file, axes);
        return new GridReading(
                file, axes.entrySet().stream().map(e -> axis(e.getValue())).toList(), cells);
    }

    private static GridAxis axis(List<GridChange> values) {
        return new GridAxis(
                values.getFirst().path(),
                values.stream().map(v -> JsonPlain.of(v.value())).toList(),
                values.stream().map(GridChange::text).toList());
    }

    private void ofFile(JsonValue grid, Map<String, List<GridChange>> axes) {
        if (grid == null || grid instanceof NullValue) {
            return;
        }
        if (!(grid instanceof ObjectValue object)) {
            problems.error(
                    P_TYPE,
                    grid.origin().toString(),
                    "found " + grid.describe() + ", expected an object of settings and values",
                    "such as \"grid\": {\"adapter.method\": [\"lora\", \"cg-lora\"]}");
            return;
        }
        object.members()
                .forEach(
                        (path, member) -> {
                            Origin origin = member.nameOrigin();
                            switch (member.value()) {
                                case ArrayValue array ->
                                        axes.put(
                                                path,
                                                array.items().stream()
                                                        .map(v -> change(origin, path, v))
                                                        .toList());
                                case StringValue(Origin place, String text) ->
                                        axes.put(path, values(origin, place, path, text));
                                default ->
                                        problems.error(
                                                P_TYPE,
                                                member.value().origin().toString(),
                                                "found "
                                                        + member.value().describe()
                                                        + ", expected a list of values, or a text"
                                                        + " such as \"0..4\"",
                                                "put it into [ ]");
                            }
                        });
    }

    private static GridChange change(Origin origin, String path, JsonValue value) {
        return new GridChange(origin, path, value, JsonPlain.text(value));
    }

    private void ofOption(String option, Map<String, List<GridChange>> axes, Set<String> given) {
        String[] parts = option.split("=", 2);
        var origin = Origin.option("--grid " + option, overrides.folder());
        if (parts.length < 2 || parts[0].isBlank()) {
            problems.error(P_SET, origin.source(), "expected PATH=VALUE,VALUE", "");
            return;
        }
        if (!given.add(parts[0])) {
            problems.error(
                    P_DUPLICATE,
                    origin.source(),
                    "'" + parts[0] + "' has an axis already",
                    "give all its values in one --grid");
            return;
        }
        axes.put(parts[0], values(origin, origin, parts[0], parts[1]));
    }

    /// The values of a text: `a,b,c`, integers also as `0..4`; commas within brackets, braces and
    /// quotes belong to a value.
    private List<GridChange> values(Origin origin, Origin place, String path, String text) {
        var values = new ArrayList<GridChange>();
        for (String part : split(text)) {
            Matcher range = RANGE.matcher(part);
            if (range.matches()) {
                long first = Long.parseLong(range.group(1));
                long last = Long.parseLong(range.group(2));
                if (last < first || last - first >= MAX_CELLS) {
                    problems.error(
                            P_VALUE,
                            place.toString(),
                            "the range "
                                    + part
                                    + " holds "
                                    + (last < first ? "nothing" : "too much"),
                            "write it from the smaller to the larger, such as 0..4");
                    continue;
                }
                for (long value = first; value <= last; value++) {
                    values.add(valued(origin, place, path, String.valueOf(value)));
                }
            } else if (part.isEmpty()) {
                problems.error(
                        P_VALUE,
                        place.toString(),
                        "'" + path + "' has an empty value",
                        "for an empty text write \"\"");
            } else {
                values.add(valued(origin, place, path, part));
            }
        }
        return values;
    }

    private static GridChange valued(Origin origin, Origin place, String path, String text) {
        Origin own =
                place.line() > 0
                        ? place
                        : Origin.option("--grid " + path + "=" + text, place.folder());
        return new GridChange(origin, path, PipelineReader.value(own, text), text);
    }

    private static List<String> split(String text) {
        var parts = new ArrayList<String>();
        int depth = 0;
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted) {
                if (c == '\\') {
                    i++;
                } else if (c == '"') {
                    quoted = false;
                }
            } else if (c == '"') {
                quoted = true;
            } else if (c == '[' || c == '{') {
                depth++;
            } else if (c == ']' || c == '}') {
                depth--;
            } else if (c == ',' && depth <= 0) {
                parts.add(text.substring(start, i).strip());
                start = i + 1;
            }
        }
        parts.add(text.substring(start).strip());
        return parts;
    }

    private void check(String path, List<GridChange> values) {
        if (values.isEmpty()) {
            if (!problems.hasErrors()) {
                problems.error(
                        P_VALUE, "grid", "'" + path + "' has no values", "give at least one");
            }
            return;
        }
        String start = path.split("\\.", 2)[0];
        if (COMMON.contains(start)) {
            problems.error(
                    P_SET,
                    values.getFirst().origin().toString(),
                    "'" + start + "' is the same for all cells of a grid",
                    start.equals("engine") ? "run one grid for each engine" : "take it out");
        }
        var seen = new HashSet<Object>();
        for (GridChange value : values) {
            if (!seen.add(JsonPlain.of(value.value()))) {
                problems.error(
                        P_DUPLICATE,
                        value.value().origin().toString(),
                        "'" + path + "' has the value " + value.text() + " twice",
                        "for repetitions vary the seed");
            }
        }
    }

    private List<GridCell> cells(Path file, Map<String, List<GridChange>> axes) {
        List<List<GridChange>> products = List.of(List.of());
        for (List<GridChange> values : axes.values()) {
            var longer = new ArrayList<List<GridChange>>();
            for (List<GridChange> product : products) {
                for (GridChange value : values) {
                    var next = new ArrayList<>(product);
                    next.add(value);
                    longer.add(next);
                }
            }
            products = longer;
        }
        Set<String> names = new HashSet<>();
        var found = new LinkedHashMap<Problem, List<String>>();
        var cells = new ArrayList<GridCell>();
        for (List<GridChange> product : products) {
            String name = unique(name(product, axes.keySet()), names);
            var values = new LinkedHashMap<String, Object>();
            product.forEach(v -> values.put(v.path(), JsonPlain.of(v.value())));
            try {
                cells.add(
                        new GridCell(name, values, PipelineReader.read(file, overrides, product)));
            } catch (CgloraException e) {
                e.problems()
                        .forEach(p -> found.computeIfAbsent(p, _ -> new ArrayList<>()).add(name));
            }
        }
        throwNamed(found, products.size());
        return cells;
    }

    /// Throws what is wrong, each mistake once, with the cells that have it where not all do.
    ///
    /// @param found the cells of each problem; one that has it twice counts once
    /// @param of    how many cells there are
    public static void throwNamed(Map<Problem, List<String>> found, int of) {
        var problems = new Problems();
        found.forEach(
                (problem, all) -> {
                    List<String> names = all.stream().distinct().toList();
                    String cells =
                            names.size() == of
                                    ? ""
                                    : names.size() == 1
                                            ? "cell " + names.getFirst()
                                            : "%d cells, the first %s"
                                                    .formatted(names.size(), names.getFirst());
                    String where = problem.where();
                    problems.error(
                            problem.code(),
                            cells.isEmpty()
                                    ? where
                                    : where.isEmpty() ? cells : where + " (" + cells + ")",
                            problem.what(),
                            problem.fix());
                });
        problems.throwIfAny();
    }

    /// `method=lora,seed=1`: the last word of each path, the whole path where two share it.
    private static String name(List<GridChange> values, Set<String> paths) {
        var name = new StringBuilder();
        for (GridChange value : values) {
            String last = lastWord(value.path());
            boolean clear = paths.stream().filter(p -> lastWord(p).equals(last)).count() == 1;
            name.append(name.isEmpty() ? "" : ",")
                    .append(clear ? last : value.path())
                    .append('=')
                    .append(value.text());
        }
        String safe = name.toString().replaceAll("[^A-Za-z0-9._=,+-]+", "-");
        return safe.length() <= MAX_NAME ? safe : safe.substring(0, MAX_NAME);
    }

    private static String lastWord(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static String unique(String name, Set<String> names) {
        String own = name;
        for (int i = 2; !names.add(own); i++) {
            own = name + "-" + i;
        }
        return own;
    }
}
