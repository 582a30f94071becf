package cglora.models.training;

import cglora.models.block.Encoder;
import cglora.models.data.Batch;
import cglora.models.data.Labels;
import cglora.models.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/// A tiny model of one family with what transformers and PEFT say about it, written by
/// `scripts/peers/family_parity.py make`.
final class FamilyReference extends PeerReference {
    /// All that are committed.
    static final List<String> NAMES =
            List.of(
                    "bert",
                    "roberta",
                    "xlm-roberta",
                    "distilbert",
                    "distilbert-relu",
                    "electra",
                    "electra-square",
                    "llama",
                    "llama-yarn",
                    "mistral",
                    "qwen2",
                    "qwen3");

    /// Settings of the step of AdamW.
    static final AdamW.Settings ADAM_W = new AdamW.Settings(0.9, 0.98, 1e-8, 0.5);

    static final double LEARNING_RATE = 1e-2;
    static final double WEIGHT_DECAY = 0.1;

    FamilyReference(String name) {
        super(name);
    }

    /// The model as its class in transformers computes it.
    SequenceClassifier classifier() {
        return new SequenceClassifier(
                checkpoint().encoder(),
                pooling(),
                new Labels(List.copyOf(checkpoint().id2label().values()), false));
    }

    @Override
    TaskModel task() {
        return classifier();
    }

    @Override
    Batch batch() {
        return tokenized();
    }

    private Pooling pooling() {
        if (checkpoint().encoder().readsForward()) {
            return Pooling.LAST;
        }
        return checkpoint().hasPooler() ? Pooling.POOLER : Pooling.CLS;
    }

    /// The reference's batch as our tokenizer gives it.
    Batch tokenized() {
        JsonMapper mapper = JsonMapper.shared();
        var all = new ArrayList<Tokenizer.Tokens>();
        try (Tokenizer tokenizer = checkpoint().tokenizer(null)) {
            for (var text : mapper.readTree(FOLDER.resolve("texts.json").toFile())) {
                all.add(
                        tokenizer.encode(
                                text.get(0).asString(),
                                text.get(1).isNull() ? null : text.get(1).asString(),
                                checkpoint().encoder().maxPositions()));
            }
        }
        int rows = all.size();
        int width = all.stream().mapToInt(t -> t.inputIds().length).max().orElseThrow();
        int[] ids = new int[rows * width];
        java.util.Arrays.fill(ids, checkpoint().padTokenId());
        int[] types = new int[rows * width];
        int[] lengths = new int[rows];
        int[] examples = new int[rows];
        for (int r = 0; r < rows; r++) {
            lengths[r] = all.get(r).inputIds().length;
            examples[r] = r;
            System.arraycopy(all.get(r).inputIds(), 0, ids, r * width, lengths[r]);
            System.arraycopy(all.get(r).tokenTypeIds(), 0, types, r * width, lengths[r]);
        }
        return new Batch(
                rows, width, examples, ids, types, lengths, ints("input.labels"), new float[rows]);
    }

    int[] inputIds() {
        return ints("input.input_ids");
    }

    int[] attentionMask() {
        return ints("input.attention_mask");
    }

    /// Empty for a family whose tokenizer gives none.
    int[] tokenTypeIds() {
        Encoder encoder = checkpoint().encoder();
        return encoder.tokenTypes() > 1 ? ints("input.token_type_ids") : new int[0];
    }
}
