package cglora.pipeline.spec;

import java.util.List;
import java.util.Map;

/// A whole pipeline with every default filled in and every path absolute.
public record PipelineSpec(
        @Setting(value = "Version of the pipeline format", min = 1, max = 1) int cglora,
        @Setting(
                        value = "Name of the pipeline; null takes the file's name",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"sst2\"")
                String name,
        @Setting(value = "Seed of everything random", byDefault = "42", min = 0, examples = "0")
                long seed,
        @Setting(
                        value = "Folder of the runs",
                        byDefault = "\"runs/${name}\"",
                        path = true,
                        examples = "\"runs/${name}\"")
                String outputDir,
        @Setting(value = "What computes", byDefault = "{}") EngineSpec engine,
        @Setting(
                        value = "Variables, used as ${var}",
                        byDefault = "{}",
                        examples = "{\"data\": \"data\", \"r\": 8}")
                Map<String, Object> vars,
        @Setting("The stages, in order") List<StageSpec> stages) {

    /// The same pipeline of other stages.
    public PipelineSpec withStages(List<StageSpec> others) {
        return new PipelineSpec(cglora, name, seed, outputDir, engine, vars, others);
    }
}
