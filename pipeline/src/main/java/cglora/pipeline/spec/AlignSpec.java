package cglora.pipeline.spec;

/// Measures how near the model comes to a fully fine-tuned one's predictions: where it starts and
/// whenever training evaluates.
public record AlignSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a align stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value = "Folder of the fully fine-tuned model, or of the run that made it",
                        path = true,
                        examples = "\"runs/sst2-full/latest\"")
                String reference,
        @Setting(value = "Examples to measure on", byDefault = "\"validation\"")
                EvaluateSpec.Split data,
        @Setting(
                        value = "Only so many of them, the first ones; null takes all",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "256")
                Integer examples,
        @Setting(
                        value =
                                "Of models that write or tag: tokens of those examples that are compared,"
                                        + " drawn by the seed; all where they are fewer. They cost 12 bytes"
                                        + " times the vocabulary each",
                        byDefault = "256",
                        min = 1)
                int tokens,
        @Setting(
                        value =
                                "Also how much of each layer's update the adapter's subspace holds, at the start and the end",
                        byDefault = "false")
                boolean layers,
        @Setting(
                        value =
                                "Of the layers' metric: times the mean eigenvalue, added to each factor",
                        byDefault = "1.0",
                        min = 0)
                double layerDamping)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "align";

    public AlignSpec {
        id = id == null ? STAGE : id;
    }

    /// The same beside another reference.
    AlignSpec withReference(String other) {
        return new AlignSpec(id, when, other, data, examples, tokens, layers, layerDamping);
    }

    @Override
    public String stage() {
        return STAGE;
    }
}
