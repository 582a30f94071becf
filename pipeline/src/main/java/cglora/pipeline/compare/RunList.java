package cglora.pipeline.compare;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.report.Page;
import cglora.pipeline.report.Table;
import cglora.pipeline.spec.JsonText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;

/// All runs under some folders, the oldest first; runs that are named one by one are compared, too.
///
/// @param runs       in the order in which they began
/// @param comparison of the finished ones; null where they are only listed
public record RunList(List<RunSummary> runs, RunsComparison comparison) {
    /// Folders that are looked into below one that is named.
    private static final int DEPTH = 6;

    public RunList {
        runs = List.copyOf(runs);
    }

    /// @param folders runs, and folders that hold them
    /// @param notes   is told of runs that cannot be read or compared
    /// @throws CgloraException P-USAGE where there is no such folder, or no run
    public static RunList of(List<Path> folders, Problems notes) {
        var found = new ArrayList<Path>();
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                throw new CgloraException(
                        ErrorCode.P_USAGE,
                        folder.toString(),
                        "is not a folder",
                        "name folders of runs, or one that holds them");
            }
            found.addAll(under(folder));
        }
        var runs = new ArrayList<RunSummary>();
        for (Path folder : found) {
            try {
                runs.add(RunSummary.of(folder));
            } catch (CgloraException e) {
                notes.warning(
                        e.problems().getFirst().code(),
                        folder.toString(),
                        "left out: " + e.problems().getFirst().what(),
                        "");
            }
        }
        if (runs.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    folders.getFirst().toString(),
                    "holds no run",
                    "name a folder that cglora run has written to");
        }
        runs.sort(Comparator.comparing(RunSummary::begun).thenComparing(RunSummary::folder));
        boolean named = folders.size() > 1 && folders.stream().allMatch(RunReader::isRun);
        return new RunList(runs, named ? new RunsComparison(RunReader.read(folders, notes)) : null);
    }

    /// Links are not followed: `latest` is one.
    private static List<Path> under(Path folder) {
        if (RunReader.isRun(folder)) {
            return List.of(folder);
        }
        var runs = new ArrayList<Path>();
        try {
            Files.walkFileTree(
                    folder,
                    EnumSet.noneOf(java.nio.file.FileVisitOption.class),
                    DEPTH,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(
                                Path place, BasicFileAttributes attributes) {
                            if (RunReader.isRun(place)) {
                                runs.add(place);
                                return FileVisitResult.SKIP_SUBTREE;
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path place, IOException e) {
                            return FileVisitResult.CONTINUE; // not ours to read
                        }
                    });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return runs;
    }

    private Table table() {
        return new Table(
                List.of(
                        "run",
                        "name",
                        "state",
                        "method",
                        "seed",
                        "steps",
                        "measured",
                        "metric",
                        "value",
                        "loss",
                        "begun",
                        "took"),
                runs.stream()
                        .map(
                                r ->
                                        List.of(
                                                r.folder().toString(),
                                                r.name(),
                                                r.state().text(),
                                                r.method(),
                                                r.seed(),
                                                String.valueOf(r.steps()),
                                                r.split(),
                                                r.metric().getKey(),
                                                GridTables.number(r.metric().getValue()),
                                                GridTables.number(
                                                        r.metrics()
                                                                .getOrDefault("loss", Double.NaN)),
                                                r.begun(),
                                                Double.isNaN(r.seconds())
                                                        ? "-"
                                                        : String.format(
                                                                Locale.ROOT,
                                                                "%.1f s",
                                                                r.seconds())))
                        .toList());
    }

    public String markdown() {
        return table().markdown() + (comparison == null ? "" : "\n" + comparison.markdown());
    }

    public String csv() {
        return table().csv();
    }

    public String json() {
        var all = new LinkedHashMap<String, Object>();
        var list = new ArrayList<Object>();
        for (RunSummary r : runs) {
            var one = new LinkedHashMap<String, Object>();
            one.put("run", r.folder().toString());
            one.put("name", r.name());
            one.put("state", r.state().text());
            one.put("method", r.method());
            one.put("seed", r.seed());
            one.put("steps", r.steps());
            one.put("measured", r.split());
            one.put("metrics", r.metrics());
            one.put("begun", r.begun());
            one.put("seconds", Double.isNaN(r.seconds()) ? null : r.seconds());
            list.add(one);
        }
        all.put("runs", list);
        if (comparison != null) {
            all.put("comparison", comparison.record());
        }
        return JsonText.write(all);
    }

    public String html() {
        return Page.of(
                "cglora runs",
                "Runs",
                "",
                Page.table(table()) + (comparison == null ? "" : comparison.html()));
    }
}
