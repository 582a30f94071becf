package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_FILE;
import static cglora.kernels.error.ErrorCode.P_SET;
import static cglora.kernels.error.ErrorCode.P_TYPE;
import static cglora.kernels.error.ErrorCode.P_VARIABLE;
import static cglora.kernels.error.ErrorCode.P_VERSION;
import static cglora.kernels.error.ErrorCode.X_LIMIT;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Reads a pipeline file. Order of precedence, lowest first: built-in defaults, files it extends,
/// the file itself, `--var`, `--set` and `--unset`.
public final class PipelineReader {
    static final int VERSION = 1;
    private static final int MAX_EXTENDS = 16;

    /// Each file that extends others could double their stages.
    private static final int MAX_STAGES = 1000;

    static final String GRID = "grid";

    private final Problems problems = new Problems();
    private final Overrides overrides;
    private final List<GridChange> cell;
    private String inGrid = "";
    private final Set<String> fromFile = new HashSet<>();
    private final Map<Path, ObjectValue> loaded = new HashMap<>();

    private PipelineReader(Overrides overrides, List<GridChange> cell) {
        this.overrides = overrides;
        this.cell = List.copyOf(cell);
    }

    /// A `grid` in the file is for [GridReader] and left aside here.
    ///
    /// @throws CgloraException with everything that is wrong
    public static PipelineReading read(Path file, Overrides overrides) {
        return read(file, overrides, List.of());
    }

    /// The same, with all that is wrong beside what is right.
    ///
    /// @throws CgloraException for a file that cannot be read as a pipeline of this version
    public static PipelineDraft draft(Path file, Overrides overrides) {
        return new PipelineReader(overrides, List.of()).draft(file);
    }

    /// Where a setting's value comes from.
    ///
    /// @param path such as `train.learning_rate`, by the ids of the pipeline's stages
    /// @throws CgloraException for a file that cannot be read as a pipeline of this version
    public static SettingOrigin origin(Path file, Overrides overrides, String path) {
        return SettingOrigin.of(
                new PipelineReader(overrides, List.of()).resolved(file).root(), path);
    }

    /// One cell of a grid.
    ///
    /// @param cell rules over all other changes
    static PipelineReading read(Path file, Overrides overrides, List<GridChange> cell) {
        return new PipelineReader(overrides, cell).read(file);
    }

    /// The `grid` of a file, or of those that it extends; null for none.
    static JsonValue grid(Path file, Overrides overrides) {
        var reader = new PipelineReader(overrides, List.of());
        JsonValue grid = reader.load(file, List.of()).get(GRID);
        reader.problems.throwIfAny();
        return grid;
    }

    private PipelineReading read(Path file) {
        PipelineReading reading = draft(file).reading();
        problems.throwIfAny();
        return reading;
    }

    /// A pipeline with all that files and options say, before it is bound.
    private record Resolved(ObjectValue root, Variables variables) {}

    private Resolved resolved(Path file) {
        ObjectValue whole = Merge.canonical(load(file, List.of()), problems);
        inGrid = String.valueOf(whole.get(GRID));
        ObjectValue root = whole.without(GRID);
        root = versioned(root);
        if (root.get("vars") instanceof ObjectValue vars) {
            fromFile.addAll(vars.members().keySet());
        }
        root = withOverrides(root);
        var start = new Origin(file.toString(), folder(file), 1, 1, "", "");
        if (!root.has("name")) {
            root = put(root, "name", new StringValue(start, baseName(file)));
        }
        var variables = new Variables(definitions(root), overrides.environment(), problems);
        root = (ObjectValue) variables.expand(root);
        requireUsed(variables);
        return new Resolved(new PeftConfig(problems).fill(root), variables);
    }

    /// A variable of the command line that is neither in the file nor used there is a slip.
    private void requireUsed(Variables variables) {
        for (String text : overrides.variables()) {
            String name = text.split("=", 2)[0];
            boolean isUsed =
                    fromFile.contains(name)
                            || variables.used().contains(name)
                            || inGrid.contains("${" + name + "}");
            if (text.contains("=") && !name.isBlank() && !isUsed) {
                var known = new TreeSet<>(fromFile);
                known.addAll(variables.used());
                known.remove("name");
                String near = Suggestion.nearest(name, known);
                problems.error(
                        P_VARIABLE,
                        "--var " + text,
                        "nothing uses ${"
                                + name
                                + "}"
                                + (known.isEmpty()
                                        ? ", and the pipeline has no variables"
                                        : "; the pipeline's variables are "
                                                + String.join(", ", known)),
                        near.isEmpty() ? "take it out" : "did you mean " + near + "?");
            }
        }
    }

    private PipelineDraft draft(Path file) {
        Resolved resolved = resolved(file);
        var binder =
                new Binder(
                        problems,
                        resolved.variables(),
                        Origin.option("built-in default", folder(file)));
        PipelineSpec bound = binder.pipeline(resolved.root());
        List<StageSpec> stages = new StageChecks(problems).check(resolved.root(), binder.drafts());
        PipelineReading reading =
                problems.hasErrors()
                        ? null
                        : new PipelineReading(bound.withStages(stages), problems.warnings(), file);
        return new PipelineDraft(
                reading,
                bound == null ? 0 : bound.seed(),
                binder.drafts().stream()
                        .filter(stage -> stage != null && stage.spec().when())
                        .toList(),
                problems.errors(),
                problems.warnings(),
                file);
    }

    private static Path folder(Path file) {
        return file.toAbsolutePath().normalize().getParent();
    }

    private static String baseName(Path file) {
        return file.getFileName().toString().replaceFirst("\\.jsonc?$", "").replace("$", "$$");
    }

    private static ObjectValue put(ObjectValue root, String key, JsonValue value) {
        return root.with(key, new Member(value.origin(), value));
    }

    /// The file with everything it extends underneath; `extends` and `$schema` are gone.
    private ObjectValue load(Path file, List<Path> chain) {
        Path real = file.toAbsolutePath().normalize();
        if (chain.contains(real) || chain.size() > MAX_EXTENDS) {
            var names = new ArrayList<String>();
            chain.forEach(each -> names.add(each.getFileName().toString()));
            names.add(real.getFileName().toString());
            throw new CgloraException(
                    P_FILE,
                    chain.getLast().toString(),
                    (chain.contains(real)
                                    ? "\"extends\" goes round: "
                                    : "\"extends\" is deeper than " + MAX_EXTENDS + ": ")
                            + String.join(" -> ", names),
                    "take one of them out of \"extends\"");
        }
        ObjectValue known = loaded.get(real);
        if (known != null) {
            return known;
        }
        if (!(JsonSource.read(file, problems) instanceof ObjectValue own)) {
            throw new CgloraException(
                    P_TYPE, file.toString(), "expected an object at the top", "start with {");
        }
        own = Merge.canonical(own, problems);
        var longer = new ArrayList<>(chain);
        longer.add(real);
        ObjectValue merged = null;
        for (Path base : bases(own)) {
            ObjectValue under = load(base, longer);
            merged = merged == null ? under : Merge.merge(merged, under);
            requireFewStages(merged, file);
        }
        ObjectValue plain = own.without("extends").without("$schema");
        ObjectValue all = merged == null ? plain : Merge.merge(merged, plain);
        requireFewStages(all, file);
        loaded.put(real, all);
        return all;
    }

    private static void requireFewStages(ObjectValue pipeline, Path file) {
        if (pipeline.get("stages") instanceof ArrayValue stages
                && stages.items().size() > MAX_STAGES) {
            throw new CgloraException(
                    X_LIMIT,
                    file.toString(),
                    "more than %d stages with those of the files that it extends"
                            .formatted(MAX_STAGES),
                    "name each file once in \"extends\"");
        }
    }

    private List<Path> bases(ObjectValue own) {
        JsonValue list = own.get("extends");
        var files = new ArrayList<Path>();
        if (list == null || list instanceof NullValue) {
            return files;
        }
        if (!(list instanceof ArrayValue array)) {
            problems.error(
                    P_TYPE,
                    list.origin().toString(),
                    "found " + list.describe() + ", expected a list of files",
                    "");
            return files;
        }
        for (JsonValue item : array.items()) {
            if (!(item instanceof StringValue(Origin origin, String text))) {
                problems.error(
                        P_TYPE,
                        item.origin().toString(),
                        "found " + item.describe() + ", expected a file in quotes",
                        "");
                continue;
            }
            Path base = resolve(origin.folder(), text);
            if (base != null && Files.isRegularFile(base)) {
                files.add(base);
            } else {
                problems.error(
                        P_FILE,
                        origin.toString(),
                        "\"extends\" names " + text + ", which is not a file in " + origin.folder(),
                        "paths are relative to the file that names them");
            }
        }
        return files;
    }

    /// Null for a text that cannot be a path.
    private static Path resolve(Path folder, String text) {
        try {
            return folder.resolve(text);
        } catch (InvalidPathException _) {
            return null;
        }
    }

    /// The pipeline with the version that is understood; a mistake in it is told, and read as this
    /// version. Another version says other things.
    private ObjectValue versioned(ObjectValue root) {
        String understood = "this cglora understands version " + VERSION;
        JsonValue version = root.get("cglora");
        if (version == null) {
            problems.error(
                    P_VERSION,
                    root.origin().toString(),
                    "the format version is missing; " + understood,
                    "add \"cglora\": 1");
        } else if (!(version instanceof NumberValue(Origin origin, String text))) {
            problems.error(
                    P_VERSION,
                    version.origin().toString(),
                    "found " + version.describe() + " as format version; " + understood,
                    "write \"cglora\": 1");
        } else if (!text.equals("1")) {
            throw new CgloraException(
                    P_VERSION,
                    origin.toString(),
                    "format version " + text + "; " + understood,
                    "use the cglora release that the file was made for, or write it for version 1");
        } else {
            return root;
        }
        return put(root, "cglora", new NumberValue(root.origin(), String.valueOf(VERSION)));
    }

    private ObjectValue withOverrides(ObjectValue root) {
        ObjectValue changed = root;
        for (String text : overrides.variables()) {
            String[] parts = split("--var", text, "NAME=VALUE");
            if (parts.length == 2) {
                Origin origin = Origin.option("--var " + text, overrides.folder());
                ObjectValue vars =
                        changed.get("vars") instanceof ObjectValue given
                                ? given
                                : new ObjectValue(origin, Map.of());
                changed = put(changed, "vars", put(vars, parts[0], value(origin, parts[1])));
            }
        }
        for (String text : overrides.set()) {
            String[] parts = split("--set", text, "PATH=VALUE");
            if (parts.length == 2) {
                Origin origin = Origin.option("--set " + text, overrides.folder());
                changed = apply(changed, origin, parts[0], value(origin, parts[1]));
            }
        }
        for (String text : overrides.unset()) {
            Origin origin = Origin.option("--unset " + text, overrides.folder());
            changed = apply(changed, origin, text, null);
        }
        for (GridChange change : cell) {
            Origin origin = Origin.option(change.origin().toString(), overrides.folder());
            changed = apply(changed, origin, change.path(), change.value());
        }
        return changed;
    }

    private ObjectValue apply(ObjectValue root, Origin origin, String path, JsonValue value) {
        try {
            return new SettingPath(origin.source(), path).apply(root, value);
        } catch (CgloraException e) {
            problems.error(e);
            return root;
        }
    }

    private String[] split(String option, String text, String form) {
        String[] parts = text.split("=", 2);
        if (parts.length < 2 || parts[0].isBlank()) {
            problems.error(P_SET, option + " " + text, "expected " + form, "");
            return new String[0];
        }
        return parts;
    }

    /// JSON where it is JSON, else the text itself.
    static JsonValue value(Origin origin, String text) {
        var ignored = new Problems();
        try {
            JsonValue value = JsonSource.parse(origin, text, ignored);
            return ignored.hasErrors() ? new StringValue(origin, text) : value;
        } catch (CgloraException _) {
            // Not JSON, and so a plain text: --set train.scheduler=cosine needs no quotes.
            return new StringValue(origin, text);
        }
    }

    private Map<String, JsonValue> definitions(ObjectValue root) {
        var definitions = new LinkedHashMap<String, JsonValue>();
        if (root.get("vars") instanceof ObjectValue vars) {
            vars.members().forEach((name, member) -> definitions.put(name, member.value()));
            if (definitions.containsKey("name")) {
                problems.error(
                        P_VARIABLE,
                        vars.members().get("name").nameOrigin().toString(),
                        "${name} is the pipeline's name and cannot be a variable",
                        "choose another name");
            }
        }
        definitions.put("name", root.get("name"));
        return definitions;
    }
}
