package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.CgloraException;
import cglora.models.bert.BertConfig;
import cglora.models.data.Batcher;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.training.Pooling;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// A model whose initialisation is measured, and how many examples each purpose gets.
enum InitModel {
    /// A pretrained one, with the quickstart's numbers of examples.
    MINILM("MiniLM", 512, 512, 192),
    /// A larger shape; random weights cost what trained ones cost, and learn little.
    BERT_BASE("BERT-base shape", 128, 512, 192),
    /// What the forms are checked on before they are timed.
    TINY("tiny", 64, 64, 32);

    /// Wide enough for every definition.
    static final int MAX_LENGTH = 64;

    static final int CLASSES = 26;
    private static final int BERT_VOCABULARY = 30522;

    private final String title;
    final int headExamples;
    final int samples;
    final int stepSamples;

    InitModel(String title, int headExamples, int samples, int stepSamples) {
        this.title = title;
        this.headExamples = headExamples;
        this.samples = samples;
        this.stepSamples = stepSamples;
    }

    /// Examples that nothing but the fall of their loss is measured on.
    int heldOutSamples() {
        return samples / 2;
    }

    PretrainedModel checkpoint() {
        return switch (this) {
            case MINILM -> StepModel.MINILM.checkpoint();
            case BERT_BASE -> RandomCheckpoint.of(bert(768, 12, 12));
            case TINY -> RandomCheckpoint.of(bert(64, 2, 4));
        };
    }

    private static BertConfig bert(int hidden, int layers, int heads) {
        return new BertConfig(
                BERT_VOCABULARY, hidden, layers, heads, 4 * hidden, "gelu", 512, 2, 1e-12f);
    }

    /// The model on an engine, with a head of zeros.
    Session session(Engine engine) {
        try (PretrainedModel checkpoint = checkpoint()) {
            List<String> names = IntStream.range(0, CLASSES).mapToObj(String::valueOf).toList();
            var model =
                    new SequenceClassifier(
                            checkpoint.encoder(), Pooling.MEAN, new Labels(names, false));
            return new Session(engine, model, checkpoint, false);
        }
    }

    /// @param size examples a batch
    Batcher batcher(int size) {
        return new Batcher(size, Batcher.defaultBuckets(MAX_LENGTH), 0);
    }

    String title() {
        return title;
    }

    /// What the results of a form are called.
    String test(InitForm form) {
        return title + " r 8, " + samples + " examples: " + form + ", ";
    }

    /// As it stands on the command line.
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Those that are measured.
    static final List<InitModel> MEASURED = List.of(MINILM, BERT_BASE);

    /// @throws CgloraException P-USAGE for a key that is none
    static InitModel of(String key) {
        return MEASURED.stream()
                .filter(model -> model.key().equals(key))
                .findFirst()
                .orElseThrow(
                        () -> InitForm.unknown("--init-models", key, MEASURED, InitModel::key));
    }
}
