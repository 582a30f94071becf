package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.spec.DataFiles;
import cglora.pipeline.spec.DataSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/// The files that a split's names stand for: a name with `*`, `?`, `[` or `{` that no file has is a
/// pattern; `**` goes into folders.
final class DataFileNames {
    private static final String SPECIAL = "*?[{";

    /// Folders that a pattern goes down.
    private static final int DEEPEST = 16;

    private DataFileNames() {}

    /// In the order of the names, those of a pattern sorted; each once.
    ///
    /// @throws CgloraException D-MISSING for a pattern that no file fits
    static List<Path> of(DataFiles files) {
        var found = new LinkedHashSet<Path>();
        for (String name : files.names()) {
            Path path = Path.of(name);
            if (isPattern(name) && !Files.exists(path)) {
                found.addAll(matching(path));
            } else {
                found.add(path);
            }
        }
        return List.copyOf(found);
    }

    /// Files that are there, for their fingerprints; patterns that no file fits have none.
    static List<String> there(DataFiles files) {
        if (files == null || files.is(DataSpec.WORDNET_GLOSSES)) {
            return List.of();
        }
        try {
            return of(files).stream().map(Path::toString).toList();
        } catch (CgloraException _) {
            return List.of(); // reading them says what is wrong
        }
    }

    private static boolean isPattern(String name) {
        return name.chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0);
    }

    private static List<Path> matching(Path pattern) {
        Path base = pattern;
        while (base != null && isPattern(base.toString())) {
            base = base.getParent();
        }
        List<Path> found = List.of();
        try {
            if (base != null && Files.isDirectory(base)) {
                PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
                int depth =
                        pattern.toString().contains("**")
                                ? DEEPEST
                                : pattern.getNameCount() - base.getNameCount();
                try (var all = Files.walk(base, depth)) {
                    found =
                            all.filter(Files::isRegularFile)
                                    .filter(matcher::matches)
                                    .sorted()
                                    .toList();
                }
            }
        } catch (PatternSyntaxException e) {
            throw error(pattern, "is no pattern: " + e.getDescription());
        } catch (IOException | UncheckedIOException e) {
            throw error(pattern, "cannot be looked for: " + e);
        }
        if (found.isEmpty()) {
            throw error(pattern, "no file fits this pattern");
        }
        return found;
    }

    private static CgloraException error(Path pattern, String what) {
        return new CgloraException(
                ErrorCode.D_MISSING,
                pattern.toString(),
                what,
                "correct it: * stands for any part of a name, ** for folders, too");
    }
}
