package cglora.models.graph;

import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = word[words] + position[positions]` [rows, hidden]: tokens without types.
///
/// @param words     [rows], int; likewise `positions`
/// @param word      [vocabulary, hidden]
/// @param position  [positions, hidden]
public record EmbeddingPair(Tensor words, Tensor positions, Tensor word, Tensor position)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(words, positions, word, position);
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
                        EmbeddingKernels.EMBEDDING_PAIR,
                        Math.toIntExact(words.shape().size()),
                        words.buffer(),
                        positions.buffer(),
                        word.buffer(),
                        position.buffer(),
                        outputs.getFirst().buffer(),
                        word.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(graph, word, () -> graph.apply(new EmbeddingGradient(words, dy, word))),
                Gradient.of(
                        graph,
                        position,
                        () -> graph.apply(new EmbeddingGradient(positions, dy, position))));
    }
}
