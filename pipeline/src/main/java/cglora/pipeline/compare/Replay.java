package cglora.pipeline.compare;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.weights.Safetensors;
import cglora.pipeline.run.RunEvents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A run and another of the same pipeline: whether what they have written is the same to the bit.
///
/// @param record the run that was there
/// @param again  the other
public record Replay(Path record, Path again) {
    /// What runs write of what they have learnt.
    private static final List<String> LEARNT = List.of("adapter", "base_shift", "exports", "model");

    /// Parts of `run.json` that decide about the bits, or are inputs.
    private static final List<String> CAUSES =
            List.of(
                    "version",
                    "commit",
                    "java",
                    "engine",
                    "device",
                    "threads",
                    "openblas",
                    "device_profile",
                    "device_driver",
                    "tornadovm",
                    "seed");

    /// @param isSame      whether all files are
    /// @param lines       one a file
    /// @param differences of versions, engines and inputs; they may be why
    public record Verdict(boolean isSame, List<String> lines, List<String> differences) {}

    /// The record of a run that can be compared with another.
    ///
    /// @return its `run.json`
    /// @throws CgloraException P-USAGE where it is none, is not finished or has kept nothing
    public static JsonNode requireComparable(Path run) {
        String why =
                !RunReader.isRun(run)
                        ? "is not the folder of a run"
                        : !RunEvents.isFinished(run, RunEvents.read(run))
                                ? "did not come to its end, so there is nothing to compare with"
                                : learnt(run).isEmpty() ? "has kept no adapter and no model" : "";
        if (!why.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    run.toString(),
                    why,
                    "name the folder of a finished run that has exported");
        }
        return json(run.resolve("run.json"));
    }

    private static JsonNode json(Path file) {
        try {
            return JsonMapper.shared().readTree(file.toFile());
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.D_FORMAT,
                    file.toString(),
                    "cannot be read as a run's: " + e.getMessage(),
                    "name another run",
                    e);
        }
    }

    /// `adapter/adapter_model.safetensors` and so on.
    private static Set<String> learnt(Path run) {
        var names = new TreeSet<String>();
        for (String folder : LEARNT) {
            if (Files.isDirectory(run.resolve(folder))) {
                try (var files = Files.walk(run.resolve(folder))) {
                    files.filter(Files::isRegularFile)
                            .forEach(f -> names.add(run.relativize(f).toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return names;
    }

    public Verdict compare() {
        var lines = new ArrayList<String>();
        var names = learnt(record);
        names.addAll(learnt(again));
        boolean same = true;
        for (String name : names) {
            String difference = difference(record.resolve(name), again.resolve(name));
            same &= difference.isEmpty();
            lines.add(
                    difference.isEmpty()
                            ? "same     " + name
                            : "differs  " + name + "  " + difference);
        }
        return new Verdict(same, lines, differences());
    }

    /// Empty for the same bytes.
    private static String difference(Path one, Path other) {
        if (!Files.isRegularFile(one) || !Files.isRegularFile(other)) {
            return Files.isRegularFile(one) ? "is missing now" : "was not there";
        }
        try {
            long at = Files.mismatch(one, other);
            if (at < 0) {
                return "";
            }
            return one.toString().endsWith(".safetensors")
                    ? tensors(one, other)
                    : "from byte " + at;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// How many tensors differ, and by how much at most.
    private static String tensors(Path one, Path other) {
        int different = 0;
        double largest = 0;
        try (var left = new Safetensors(one);
                var right = new Safetensors(other)) {
            if (!left.names().equals(right.names())) {
                return "other tensors";
            }
            for (String name : left.names()) {
                float[] a = left.read(name);
                float[] b = right.read(name);
                if (a.length != b.length) {
                    return name + " has another shape";
                }
                boolean differs = false;
                for (int i = 0; i < a.length; i++) {
                    differs |= Float.floatToRawIntBits(a[i]) != Float.floatToRawIntBits(b[i]);
                    largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
                }
                different += differs ? 1 : 0;
            }
            return different == 0
                    ? "in its metadata only"
                    : String.format(
                            Locale.ROOT,
                            "%d of %d tensors, by %.3g at most",
                            different,
                            left.names().size(),
                            largest);
        }
    }

    private List<String> differences() {
        JsonNode before = json(record.resolve("run.json"));
        JsonNode now = json(again.resolve("run.json"));
        var differences = new ArrayList<String>();
        for (String key : CAUSES) {
            if (!before.path(key).equals(now.path(key))) {
                differences.add(
                        key + ": " + text(before.path(key)) + " then, " + text(now.path(key)));
            }
        }
        Map<String, String> sums = sums(now);
        sums(before)
                .forEach(
                        (file, sum) -> {
                            if (!sum.equals(sums.get(file))) {
                                differences.add(
                                        file + ": SHA-256 " + sum + " then, " + sums.get(file));
                            }
                        });
        return differences;
    }

    private static String text(JsonNode node) {
        return node.isMissingNode() ? "nothing" : node.asString(node.toString());
    }

    /// By the files' names: paths depend on where the command was given.
    private static Map<String, String> sums(JsonNode run) {
        var sums = new LinkedHashMap<String, String>();
        run.path("sha256")
                .properties()
                .forEach(
                        p ->
                                sums.merge(
                                        Path.of(p.getKey()).getFileName().toString(),
                                        p.getValue().asString(""),
                                        (one, other) -> one + " " + other));
        return sums;
    }
}
