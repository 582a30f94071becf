package cglora.models.training;

import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.TaggedWords;
import cglora.models.data.TextRows;
import cglora.models.data.WordTokens;
import cglora.models.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A tiny model that gives each word a class and what transformers and PEFT say about it,
/// written by `scripts/peers/family_parity.py make`.
final class TaggingReference extends PeerReference {
    /// All that are committed.
    static final List<String> NAMES =
            List.of("bert", "roberta", "distilbert-relu", "electra-square", "qwen2");

    TaggingReference(String name) {
        super(name + "/tokens");
    }

    @Override
    TokenClassifier task() {
        var labels = Labels.ofTags(List.copyOf(checkpoint().id2label().values()));
        return new TokenClassifier(checkpoint().encoder(), labels);
    }

    /// The sentences as our tokenizer gives them.
    Dataset data() {
        var examples = new ArrayList<RawExample>();
        for (JsonNode row :
                JsonMapper.shared().readTree(FOLDER.resolve("sentences.json").toFile())) {
            List<String> words = row.get(0).valueStream().map(JsonNode::asString).toList();
            List<String> tags = row.get(1).valueStream().map(JsonNode::asString).toList();
            examples.add(new RawExample(new TaggedWords(words, tags, false), examples.size() + 1));
        }
        TextRows rows = TextRows.of(examples, false);
        int[] all = IntStream.range(0, rows.size()).toArray();
        try (Tokenizer tokenizer = checkpoint().tokenizer(null)) {
            int longest = checkpoint().encoder().maxPositions();
            return WordTokens.dataset(
                    rows.sentences(all, tokenizer, longest),
                    task().labels().ofWords(rows, all, "sentences.json"),
                    null);
        }
    }

    /// All sentences as wide as the longest one.
    @Override
    Batch batch() {
        Dataset data = data();
        int longest = data.tokens().stream().mapToInt(t -> t.inputIds().length).max().orElseThrow();
        int[] width = {longest};
        return new Batcher(data.size(), width, checkpoint().padTokenId(), width)
                .batch(data, IntStream.range(0, data.size()).toArray());
    }
}
