package cglora.pipeline.spec;

/// How a data file is written.
public record DataFormat(
        @Setting(value = "Kind of file; auto decides by name and content", byDefault = "\"auto\"")
                Type type,
        @Setting(
                        value = "Whether the first row of a csv or tsv file names the columns",
                        byDefault = "true")
                boolean header,
        @Setting(
                        value =
                                "Whether fields may stand in double quotes; null: double for csv,"
                                        + " none for tsv",
                        byDefault = "null",
                        nullable = true)
                Quote quote,
        @Setting(
                        value = "Character set of the file",
                        byDefault = "\"UTF-8\"",
                        examples = {"\"UTF-8\"", "\"ISO-8859-1\"", "\"UTF-16\""})
                String encoding) {
    /// Kinds of file.
    public enum Type implements Named {
        AUTO("auto"),
        TSV("tsv"),
        CSV("csv"),
        JSONL("jsonl"),
        CONLL("conll"),
        PARQUET("parquet");

        private final String jsonName;

        Type(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Quoting of fields.
    public enum Quote implements Named {
        NONE("none"),
        DOUBLE("double");

        private final String jsonName;

        Quote(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
