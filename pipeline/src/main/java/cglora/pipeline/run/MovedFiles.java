package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The files that a run was started with, found again by what is in them: a project that was moved
/// has other paths and the same files.
///
/// @param places where each file that was moved is now, by where it was then; absolute paths
record MovedFiles(Map<String, String> places) {
    /// @param then     SHA-256 of the files at the run's start, by their paths
    /// @param now      the same as they are
    /// @param problems is told of every file that is not the same, and of those that were moved
    static MovedFiles of(Map<String, String> then, Map<String, String> now, Problems problems) {
        var places = new TreeMap<String, String>();
        var left = new TreeSet<>(now.keySet());
        left.removeAll(then.keySet());
        for (String file : new TreeSet<>(then.keySet())) {
            if (!now.containsKey(file)) {
                left.stream()
                        .filter(other -> now.get(other).equals(then.get(file)))
                        .filter(other -> name(other).equals(name(file)))
                        .findFirst()
                        .ifPresent(
                                other -> {
                                    left.remove(other);
                                    places.put(file, other);
                                });
            }
        }
        for (String file : new TreeSet<>(then.keySet())) {
            if (places.containsKey(file)) {
                problems.warning(
                        ErrorCode.R_CHANGED,
                        file,
                        "is now %s, with the same SHA-256".formatted(places.get(file)),
                        "");
            } else if (!then.get(file).equals(now.get(file))) {
                changed(file, then.get(file), now.get(file), problems);
            }
        }
        left.forEach(file -> changed(file, null, now.get(file), problems));
        return new MovedFiles(places);
    }

    private static Path name(String file) {
        return Path.of(file).getFileName();
    }

    private static void changed(String file, String before, String after, Problems problems) {
        problems.error(
                ErrorCode.R_CHANGED,
                file,
                "is not what the run was started with: SHA-256 %s then, %s now"
                        .formatted(
                                before == null ? "none" : before, after == null ? "none" : after),
                "put it back, or start anew: cglora run");
    }

    /// Whether a setting names the same files as it did then, at their new places.
    ///
    /// @param before the setting's value then, as JSON
    /// @param after  the same now
    /// @param folder that relative paths are of
    boolean isMoved(String before, String after, Path folder) {
        if (places.isEmpty()) {
            return false;
        }
        JsonNode then = JsonMapper.shared().readTree(before);
        JsonNode now = JsonMapper.shared().readTree(after);
        if (then.isArray() && now.isArray() && then.size() == now.size()) {
            return IntStream.range(0, then.size())
                    .allMatch(
                            i ->
                                    then.get(i).equals(now.get(i))
                                            || isMoved(then.get(i), now.get(i), folder));
        }
        return isMoved(then, now, folder);
    }

    private boolean isMoved(JsonNode then, JsonNode now, Path folder) {
        if (!then.isString() || !now.isString()) {
            return false;
        }
        Path from = absolute(then.asString(), folder);
        Path to = absolute(now.asString(), folder);
        if (places.containsKey(from.toString())) {
            return places.get(from.toString()).equals(to.toString());
        }
        List<Path> inside =
                places.keySet().stream().map(Path::of).filter(f -> f.startsWith(from)).toList();
        return !inside.isEmpty()
                && inside.stream()
                        .allMatch(
                                f ->
                                        places.get(f.toString())
                                                .equals(to.resolve(from.relativize(f)).toString()));
    }

    private static Path absolute(String path, Path folder) {
        return folder.toAbsolutePath().resolve(path).normalize();
    }
}
