package cglora.pipeline.spec;

import cglora.kernels.error.Problem;
import java.nio.file.Path;
import java.util.List;

/// A pipeline that was read without error.
///
/// @param spec     the resolved pipeline
/// @param warnings what was accepted but deserves a look
/// @param file     where it was read
public record PipelineReading(PipelineSpec spec, List<Problem> warnings, Path file) {
    public PipelineReading {
        warnings = List.copyOf(warnings);
    }
}
