package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.pipeline.spec.PipelineReading;
import java.util.ArrayList;
import java.util.List;

/// What a pipeline's files say before anything is computed: its model's configuration and headers,
/// its tokenizer and every row of its data; no weights.
///
/// @param errors   everything that is wrong; empty where the pipeline can be run
/// @param warnings what was accepted but deserves a look
/// @param summary  one line of what was found; empty where there were errors
public record PipelineCheck(List<Problem> errors, List<Problem> warnings, String summary) {
    public static PipelineCheck of(PipelineReading reading) {
        var notes = new Problems();
        var warnings = new ArrayList<>(reading.warnings());
        List<Problem> errors = List.of();
        var summary = "";
        try (Inputs inputs = InputCheck.read(reading.spec(), notes)) {
            summary = describe(inputs);
        } catch (CgloraException e) {
            errors = e.problems();
        }
        warnings.addAll(notes.warnings());
        return new PipelineCheck(errors, List.copyOf(warnings), summary);
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
            count(parts, "train", inputs.train());
            count(parts, "validation", inputs.validation());
            count(parts, "test", inputs.test());
            if (inputs.examples().labels().classes()) {
                parts.add(inputs.examples().labels().names().size() + " classes");
            }
        }
        return String.join(", ", parts);
    }

    private static void count(List<String> parts, String split, Dataset data) {
        if (data.size() > 0) {
            parts.add(split + " " + data.size());
        }
    }
}
