package cglora.pipeline.spec;

/// Writes the adapter, or the model whose own weights were trained.
public record ExportSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a export stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value =
                                "peft: a folder that PEFT loads; a model trained without adapter is one that transformers loads",
                        byDefault = "\"peft\"")
                Format format,
        @Setting(
                        value =
                                "Write the adapter as it was behind this adapter or train stage, by"
                                        + " its id; null: the newest one",
                        byDefault = "null",
                        nullable = true,
                        examples = "\"train\"")
                String from,
        @Setting(
                        value = "keep writes lora_alpha and use_rslora as they are",
                        byDefault = "\"keep\"")
                Scaling scaling,
        @Setting(value = "Load the written adapter again and compare logits", byDefault = "true")
                boolean verify)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "export";

    public ExportSpec {
        id = id == null ? STAGE : id;
    }

    /// What is written where a pipeline does not say.
    public static ExportSpec byDefault() {
        return new ExportSpec(null, true, Format.PEFT, null, Scaling.KEEP, true);
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// Formats of the exported adapter.
    public enum Format implements Named {
        PEFT("peft");

        private final String jsonName;

        Format(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// How the scale is written.
    public enum Scaling implements Named {
        KEEP("keep");

        private final String jsonName;

        Scaling(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
