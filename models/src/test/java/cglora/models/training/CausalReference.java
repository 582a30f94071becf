package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.models.block.CausalDecoder;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Continuation;
import cglora.models.data.Dataset;
import cglora.models.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/// A tiny decoder with a language model's head and what transformers and PEFT say about it, written
/// by `scripts/peers/family_parity.py make`.
final class CausalReference extends PeerReference {
    /// All that are committed.
    static final List<String> NAMES =
            List.of(
                    "llama",
                    "llama-yarn",
                    "llama-linear",
                    "llama-dynamic",
                    "mistral",
                    "qwen2",
                    "qwen3",
                    "qwen3-window");

    /// Tokens that are generated at most.
    static final int NEW_TOKENS = 10;

    private static final int END = 2;

    CausalReference(String name) {
        super(name + "/causal");
    }

    int padId() {
        return checkpoint().padTokenId();
    }

    @Override
    CausalLanguageModel task() {
        return new CausalLanguageModel((CausalDecoder) checkpoint().body());
    }

    Session session() {
        return session(new JvmEngine(2));
    }

    Session session(Engine engine) {
        return new Session(engine, task(), checkpoint(), false);
    }

    private List<List<String>> texts() {
        var all = new ArrayList<List<String>>();
        for (var row : JsonMapper.shared().readTree(FOLDER.resolve("prompts.json").toFile())) {
            all.add(List.of(row.get(0).asString(), row.get(1).asString()));
        }
        return all;
    }

    int size() {
        return texts().size();
    }

    /// The tokens of the prompts.
    List<int[]> prompts() {
        try (Tokenizer tokenizer = checkpoint().tokenizer(null)) {
            return texts().stream()
                    .map(text -> tokenizer.encode(text.getFirst(), null, 1000).inputIds())
                    .toList();
        }
    }

    Dataset data() {
        try (Tokenizer tokenizer = checkpoint().tokenizer(null)) {
            return Dataset.continued(
                    texts().stream()
                            .map(
                                    t ->
                                            Continuation.of(
                                                    t.get(0), t.get(1), tokenizer, END, 1000, 1000))
                            .toList());
        }
    }

    /// All examples as wide as the longest one.
    @Override
    Batch batch() {
        Dataset data = data();
        int longest = data.tokens().stream().mapToInt(t -> t.inputIds().length).max().orElseThrow();
        int answer = data.answers().stream().mapToInt(a -> a.length).max().orElseThrow();
        return new Batcher(data.size(), new int[] {longest}, padId(), new int[] {answer})
                .batch(data, IntStream.range(0, data.size()).toArray());
    }
}
