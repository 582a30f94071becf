package cglora.pipeline.spec;

/// Gathers the statistics that curvature-guided initializers need.
public record CalibrateSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a"
                                        + " calibrate stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value = "Training examples for the statistics",
                        byDefault = "512",
                        min = 1,
                        examples = "512")
                int samples,
        @Setting(
                        value =
                                "Tokens of those examples, drawn at random, that the curvature of"
                                        + " cg-lora is made of; null takes all. Of a T5 as many of the"
                                        + " texts and as many of the answers",
                        byDefault = "null",
                        nullable = true,
                        min = 1)
                Integer tokens,
        @Setting(
                        value = "Further examples on which the step size is chosen",
                        byDefault = "192",
                        min = 1,
                        examples = "192")
                int stepSamples,
        @Setting(
                        value =
                                "Labels behind the output factor: empirical, those of the data; mc,"
                                        + " drawn from the model; exact, all classes, a pass each (two"
                                        + " classes: one), not for models that write",
                        byDefault = "\"empirical\"")
                Fisher fisher,
        @Setting(value = "How tokens of one example enter the factors", byDefault = "\"expand\"")
                Sharing sharing,
        @Setting(
                        value =
                                "How the factors are kept: as matrices, as token Gram matrices, or"
                                        + " as sketches, their products with a few random columns",
                        byDefault = "\"auto\"")
                Form form,
        @Setting(
                        value =
                                "Write what is gathered, and the head that it was gathered with, to"
                                        + " statistics/ of the run: for later runs on the same model"
                                        + " and data",
                        byDefault = "false")
                boolean keep,
        @Setting(
                        value =
                                "A run that has kept its statistics: they and its head are taken,"
                                        + " and nothing is gathered",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        examples = "\"runs/sst2/latest\"")
                String from)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "calibrate";

    public CalibrateSpec {
        id = id == null ? STAGE : id;
    }

    /// The same with what is taken from elsewhere.
    CalibrateSpec withFrom(String other) {
        return new CalibrateSpec(
                id, when, samples, tokens, stepSamples, fisher, sharing, form, keep, other);
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// Which Fisher matrix is estimated.
    public enum Fisher implements Named {
        EMPIRICAL("empirical"),
        MC("mc"),
        EXACT("exact");

        private final String jsonName;

        Fisher(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// The K-FAC weight-sharing settings.
    public enum Sharing implements Named {
        EXPAND("expand"),
        REDUCE("reduce");

        private final String jsonName;

        Sharing(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// How the factors are kept.
    public enum Form implements Named {
        AUTO("auto"),
        FACTORED("factored"),
        IMPLICIT("implicit"),
        SKETCHED("sketched");

        private final String jsonName;

        Form(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
