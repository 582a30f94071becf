package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.TargetModules;
import java.util.Collections;
import java.util.List;

/// What the model and the data say to an adapter's settings: its layers, ranks and head, and what
/// it takes from earlier runs.
final class AdapterCheck {
    private AdapterCheck() {}

    /// @param inputs all but the adapter stage may be null: without a model its head is guessed
    static void check(Inputs inputs, Problems problems) {
        AdapterSpec adapter = inputs.adapterSpec();
        if (adapter.from() != null) {
            if (inputs.checkpoint() != null && inputs.examples() != null) {
                EarlierAdapter.of(adapter).require(inputs, problems);
            }
            return;
        }
        List<String> head =
                inputs.modelSpec() == null
                        ? List.of("classifier")
                        : inputs.writes()
                                ? List.of()
                                : inputs.checkpoint() == null
                                        ? List.of("classifier")
                                        : inputs.head().of(1).saved();
        List<String> saved = adapter.modulesToSave().orElse(null);
        if (saved != null && (head.isEmpty() || !isHead(saved, head))) {
            problems.error(
                    ErrorCode.A_SAVED,
                    adapter.id() + ".modules_to_save",
                    saved + ", this version trains and saves the head only",
                    head.isEmpty()
                            ? "\"auto\": this task has none"
                            : "\"auto\" or " + head.stream().map(m -> '"' + m + '"').toList());
        }
        if (adapter.targetModules() instanceof TargetModules.Names(List<String> names)
                && !Collections.disjoint(names, head)) {
            problems.error(
                    ErrorCode.A_SAVED,
                    adapter.id() + ".target_modules",
                    "module '%s' is both targeted and saved: the head is trained as a whole"
                            .formatted(names.stream().filter(head::contains).findFirst().get()),
                    "take it out of target_modules");
            return;
        }
        if (inputs.checkpoint() != null && adapter.method() != AdapterSpec.Method.FULL) {
            AdapterLayers.of(inputs);
            AdapterLayers.allocation(inputs);
            if (inputs.examples() != null) {
                inputs.earlierStart().ifPresent(start -> start.require(inputs, problems));
                inputs.earlierStatistics().ifPresent(earlier -> earlier.require(inputs, problems));
            }
        }
    }

    /// Whether these are the modules of the head, as PEFT finds them: by the ends of their names.
    /// PEFT itself adds `score`, the head of other families.
    private static boolean isHead(List<String> saved, List<String> head) {
        return head.stream().allMatch(m -> saved.stream().anyMatch(m::endsWith))
                && saved.stream()
                        .allMatch(
                                s ->
                                        s.equals("score")
                                                || head.stream().anyMatch(m -> m.endsWith(s)));
    }
}
