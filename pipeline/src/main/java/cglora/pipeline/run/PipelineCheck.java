package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.pipeline.spec.PipelineDraft;
import java.util.ArrayList;
import java.util.List;

/// What a pipeline's files say before anything is computed: its model's configuration and headers,
/// its tokenizer and every row of its data; no weights.
///
/// @param errors   everything that is wrong; empty where the pipeline can be run
/// @param warnings what was accepted but deserves a look
/// @param summary  one line of what was found; empty where there were errors
public record PipelineCheck(List<Problem> errors, List<Problem> warnings, String summary) {
    /// Of a pipeline with mistakes the files of those stages are read whose mistakes do not
    /// matter to it, so that all is told at once.
    public static PipelineCheck of(PipelineDraft draft) {
        var notes = new Problems();
        var warnings = new ArrayList<>(draft.warnings());
        var errors = new ArrayList<>(draft.errors());
        var summary = "";
        if (draft.reading() == null) {
            errors.addAll(DraftCheck.of(draft, notes));
        } else {
            try (Inputs inputs = InputCheck.read(draft.reading().spec(), notes)) {
                summary = describe(inputs);
            } catch (CgloraException e) {
                errors.addAll(e.problems());
            }
        }
        warnings.addAll(notes.warnings());
        return new PipelineCheck(List.copyOf(errors), List.copyOf(warnings), summary);
    }

    private static String describe(Inputs inputs) {
        var parts = new ArrayList<String>();
        if (inputs.checkpoint() != null) {
            parts.add(
                    "%s, %d layers"
                            .formatted(
                                    inputs.checkpoint().body().modelType(),
                                    inputs.checkpoint().body().linearModules().size()));
        }
        if (inputs.examples() != null) {
            count(parts, "", inputs);
            inputs.others().keySet().forEach(id -> count(parts, id + ".", inputs.on(id)));
            if (inputs.examples().labels().classes()) {
                parts.add(inputs.examples().labels().names().size() + " classes");
            }
        }
        return String.join(", ", parts);
    }

    private static void count(List<String> parts, String stage, Inputs of) {
        count(parts, stage + "train", of.train());
        count(parts, stage + "validation", of.validation());
        count(parts, stage + "test", of.test());
    }

    private static void count(List<String> parts, String split, Dataset data) {
        if (data.size() > 0) {
            parts.add(split + " " + data.size());
        }
    }
}
