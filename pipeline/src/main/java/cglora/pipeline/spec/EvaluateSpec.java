package cglora.pipeline.spec;

import java.util.List;

/// Measures the tuned model.
public record EvaluateSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when an"
                                        + " evaluate stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value =
                                "Examples to measure on: train, validation or test of the first"
                                        + " data stage, ID.test of another",
                        byDefault = "\"validation\"",
                        examples = {"\"validation\"", "\"test\"", "\"more.test\""})
                DataSplit data,
        @Setting(
                        value =
                                "The adapter that is measured, not the newest one: the id of an"
                                        + " adapter or train stage before this one, or the folder"
                                        + " of an earlier run, adapter or tuned model",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        examples = {"\"adapter\"", "\"runs/sst2/latest\""})
                AdapterSource from,
        @Setting(
                        value = "Metrics to report; null takes those of the task",
                        byDefault = "null",
                        nullable = true,
                        examples = "[\"accuracy\", \"f1\"]")
                List<String> metrics,
        @Setting(value = "Examples in one pass", byDefault = "32", min = 1) int batchSize)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "evaluate";

    public EvaluateSpec {
        id = id == null ? STAGE : id;
    }

    /// The same with another source.
    EvaluateSpec withFrom(AdapterSource other) {
        return new EvaluateSpec(id, when, data, other, metrics, batchSize);
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// The parts of the data.
    public enum Split implements Named {
        TRAIN("train"),
        VALIDATION("validation"),
        TEST("test");

        private final String jsonName;

        Split(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
