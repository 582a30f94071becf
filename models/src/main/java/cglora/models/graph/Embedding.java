package cglora.models.graph;

import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = word[words]` [rows, hidden].
///
/// @param words [rows], int
/// @param word  [vocabulary, hidden]
public record Embedding(Tensor words, Tensor word) implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(words, word);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of(
                        "embeddings",
                        Shape.of(Math.toIntExact(words.shape().size()), word.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        EmbeddingKernels.EMBEDDING_ROWS,
                        Math.toIntExact(words.shape().size()),
                        words.buffer(),
                        word.buffer(),
                        outputs.getFirst().buffer(),
                        word.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(
                        graph, word, () -> graph.apply(new EmbeddingGradient(words, dy, word))));
    }
}
