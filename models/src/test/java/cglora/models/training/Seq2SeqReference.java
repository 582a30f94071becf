package cglora.models.training;

import cglora.models.data.Batch;
import cglora.models.data.TokenTargets;
import cglora.models.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/// A tiny encoder–decoder model with what transformers and PEFT say about it, written by
/// `scripts/peers/family_parity.py make`.
final class Seq2SeqReference extends PeerReference {
    /// All that are committed.
    static final List<String> NAMES = List.of("t5", "t5-v1_1", "t5-gated-tied", "t5-plain-untied");

    /// The most tokens of the generated answers, and the beams of those by beam search.
    static final int NEW_TOKENS = 12;

    static final int BEAMS = 3;

    Seq2SeqReference(String name) {
        super(name);
    }

    @Override
    Seq2Seq task() {
        return new Seq2Seq(checkpoint().encoderDecoder());
    }

    /// The reference's batch as our tokenizer gives it.
    Batch tokenized() {
        JsonMapper mapper = JsonMapper.shared();
        var sources = new ArrayList<int[]>();
        var targets = new ArrayList<int[]>();
        try (Tokenizer tokenizer = checkpoint().tokenizer(null)) {
            for (var text : mapper.readTree(FOLDER.resolve("texts.json").toFile())) {
                String pair = text.get(1).isNull() ? null : text.get(1).asString();
                sources.add(tokenizer.encode(text.get(0).asString(), pair, 1000).inputIds());
            }
            for (var text : mapper.readTree(FOLDER.resolve("targets.json").toFile())) {
                targets.add(tokenizer.encode(text.asString(), null, 1000).inputIds());
            }
        }
        int rows = sources.size();
        int width = widest(sources);
        int[] examples = new int[rows];
        for (int r = 0; r < rows; r++) {
            examples[r] = r;
        }
        return new Batch(
                rows,
                width,
                examples,
                padded(sources, width, checkpoint().padTokenId()),
                new int[rows * width],
                sources.stream().mapToInt(ids -> ids.length).toArray(),
                new int[rows],
                new float[rows],
                new TokenTargets(widest(targets), padded(targets, widest(targets), -1)));
    }

    @Override
    Batch batch() {
        return tokenized();
    }

    private static int widest(List<int[]> all) {
        return all.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    }

    private static int[] padded(List<int[]> all, int width, int padding) {
        int[] padded = new int[all.size() * width];
        Arrays.fill(padded, padding);
        for (int r = 0; r < all.size(); r++) {
            System.arraycopy(all.get(r), 0, padded, r * width, all.get(r).length);
        }
        return padded;
    }
}
