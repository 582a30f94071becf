package cglora.pipeline.spec;

import cglora.kernels.error.Problem;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a pipeline file says, with all that is wrong with it: so that what is right can be checked
/// further.
///
/// @param reading  the pipeline; null where there are errors
/// @param seed     of the pipeline, or what it would be by default
/// @param stages   those that say what they are, take part and have what they need
/// @param errors   everything that is wrong with the file
/// @param warnings what was accepted but deserves a look
/// @param file     where it was read
public record PipelineDraft(
        PipelineReading reading,
        long seed,
        List<Stage> stages,
        List<Problem> errors,
        List<Problem> warnings,
        Path file) {
    public PipelineDraft {
        stages = List.copyOf(stages);
        errors = List.copyOf(errors);
        warnings = List.copyOf(warnings);
    }

    /// One stage.
    ///
    /// @param spec   settings that are wrong are as they were probably meant, or have their
    ///     defaults
    /// @param unsure keys of these, and of those that a misspelt key may have meant; `format.type`
    ///     of an object inside
    public record Stage(StageSpec spec, Set<String> unsure) {
        public Stage {
            unsure = Set.copyOf(unsure);
        }

        /// Whether these settings, with those inside them, are as they are meant.
        public boolean isSure(Collection<String> keys) {
            return unsure.stream()
                    .noneMatch(
                            wrong ->
                                    keys.stream()
                                            .anyMatch(
                                                    key ->
                                                            wrong.equals(key)
                                                                    || wrong.startsWith(
                                                                            key + ".")));
        }
    }

    /// The stages as a pipeline that is not to be run.
    ///
    /// @param chosen some of the stages
    public PipelineSpec of(List<StageSpec> chosen) {
        return reading != null
                ? reading.spec().withStages(chosen)
                : new PipelineSpec(PipelineReader.VERSION, "", seed, "", null, Map.of(), chosen);
    }
}
