package cglora.pipeline.spec;

import java.util.Map;

/// Which model is tuned, and what for.
public record ModelSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a"
                                        + " model stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value =
                                "A Hugging Face directory, an .onnx file, or classpath:NAME.onnx of"
                                        + " a jar on the class path",
                        path = true,
                        examples = {
                            "\"models/roberta-base\"",
                            "\"model.onnx\"",
                            "\"classpath:all-minilm-l6-v2.onnx\""
                        })
                String path,
        @Setting(
                        value =
                                "tokenizer.json or its folder, or classpath:NAME; null looks beside"
                                        + " the model",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        examples = {
                            "\"models/roberta-base\"",
                            "\"classpath:all-minilm-l6-v2-tokenizer.json\""
                        })
                String tokenizer,
        @Setting(
                        value =
                                "What the model is tuned for, by its name in PEFT: classes or"
                                        + " numbers, a class for each word, or texts",
                        byDefault = "\"SEQ_CLS\"")
                Task task,
        @Setting(
                        value = "Kind of label; null decides by the data",
                        byDefault = "null",
                        nullable = true)
                ProblemType problemType,
        @Setting(
                        value =
                                "How token vectors become one vector; auto takes what the model"
                                        + " family uses",
                        byDefault = "\"auto\"")
                Pooling pooling,
        @Setting(
                        value =
                                "Values that take the place of those in config.json, such as"
                                        + " num_attention_heads",
                        byDefault = "null",
                        nullable = true,
                        examples = "{\"num_attention_heads\": 12}")
                Map<String, Object> config,
        @Setting(
                        value =
                                "How frozen matrices are kept in memory: bfloat16 takes half of"
                                        + " float32 and rounds what the files do not have in bfloat16;"
                                        + " all is computed in float32",
                        byDefault = "\"float32\"",
                        also = "torch_dtype")
                Dtype dtype,
        @Setting(
                        value =
                                "auto uses the head of the files where it fits; new starts a fresh"
                                        + " one",
                        byDefault = "\"auto\"")
                Head head,
        @Setting(
                        value = "Whether files of the model's folder may be links out of it",
                        byDefault = "false")
                boolean followLinks)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "model";

    public ModelSpec {
        id = id == null ? STAGE : id;
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// The task types that are understood.
    public enum Task implements Named {
        SEQ_CLS("SEQ_CLS"),
        SEQ_2_SEQ_LM("SEQ_2_SEQ_LM"),
        CAUSAL_LM("CAUSAL_LM"),
        TOKEN_CLS("TOKEN_CLS");

        private final String jsonName;

        Task(String jsonName) {
            this.jsonName = jsonName;
        }

        /// Whether answers are texts.
        public boolean writes() {
            return this == SEQ_2_SEQ_LM || this == CAUSAL_LM;
        }

        /// Whether each word of an example has a class of its own.
        public boolean tags() {
            return this == TOKEN_CLS;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// How frozen matrices are kept.
    public enum Dtype implements Named {
        FLOAT32("float32"),
        BFLOAT16("bfloat16");

        private final String jsonName;

        Dtype(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// The kinds of label.
    public enum ProblemType implements Named {
        SINGLE_LABEL_CLASSIFICATION("single_label_classification"),
        REGRESSION("regression");

        private final String jsonName;

        ProblemType(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// The ways to one vector for a text.
    public enum Pooling implements Named {
        AUTO("auto"),
        MEAN("mean"),
        CLS("cls"),
        LAST("last"),
        POOLER("pooler");

        private final String jsonName;

        Pooling(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Where the classification head comes from.
    public enum Head implements Named {
        AUTO("auto"),
        NEW("new");

        private final String jsonName;

        Head(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
