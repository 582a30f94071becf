package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_STAGE;
import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the stages of a pipeline give, by their ids, and whether a stage that another takes
/// something from gives it.
final class StageOutputs {
    private final Problems problems;

    /// Of all stages, kinds by ids.
    private final Map<String, String> all = new HashMap<>();

    /// Of those before the stage at hand that take part.
    private final Map<String, StageOutput> given = new LinkedHashMap<>();

    private final List<String> skipped = new ArrayList<>();

    StageOutputs(Problems problems) {
        this.problems = problems;
    }

    /// A stage somewhere in the pipeline.
    void know(String id, String kind) {
        all.put(id, kind);
    }

    /// The next stage has been passed.
    void passed(String id, String kind, boolean takesPart) {
        if (takesPart) {
            given.put(id, StageOutput.of(kind));
        } else {
            skipped.add(id);
        }
    }

    /// Tells where a stage cannot take its adapter from another.
    ///
    /// @param from id of the other, null for the newest adapter
    /// @param where the setting
    void requireAdapter(String from, String where) {
        if (from == null || given.get(from) == StageOutput.ADAPTER) {
            return;
        }
        List<String> givers =
                given.keySet().stream().filter(id -> given.get(id) == StageOutput.ADAPTER).toList();
        String these =
                givers.isEmpty()
                        ? "no stage before this one gives one"
                        : "an adapter comes from " + String.join(", ", givers);
        if (given.containsKey(from)) {
            problems.error(
                    P_STAGE,
                    where,
                    "stage '%s' gives %s, needed is an adapter"
                            .formatted(from, given.get(from).words()),
                    these);
        } else if (skipped.contains(from)) {
            problems.error(
                    P_STAGE,
                    where,
                    "stage '%s' does not take part, so it gives no adapter".formatted(from),
                    "take its \"when\": false out; " + these);
        } else if (all.containsKey(from)) {
            problems.error(
                    P_STAGE,
                    where,
                    "stage '%s' comes later".formatted(from),
                    "move it up; " + these);
        } else if (AdapterSource.isFolder(from)) {
            problems.error(
                    P_VALUE,
                    where,
                    "'%s' is a folder, expected the id of a stage".formatted(from),
                    "an earlier run's adapter is \"from\" of the adapter stage, or of an evaluate"
                            + " stage");
        } else {
            String near = Suggestion.nearest(from, givers);
            problems.error(
                    P_VALUE,
                    where,
                    "no stage has the id '%s'".formatted(from),
                    near.isEmpty() ? these : "did you mean '" + near + "'?");
        }
    }

    /// The folder itself where a path goes over links such as `latest`, which another run moves.
    static String real(String path) {
        try {
            return path == null ? null : Path.of(path).toRealPath().toString();
        } catch (IOException | InvalidPathException _) {
            return path; // who reads it says what is wrong
        }
    }
}
