package cglora.models.graph;

import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = word[words] + position[positions] + type[types]` [rows, hidden].
///
/// @param words     [rows], int; likewise `positions` and `types`
/// @param word      [vocabulary, hidden]
/// @param position  [positions, hidden]
/// @param type      [types, hidden]
public record EmbeddingSum(
        Tensor words, Tensor positions, Tensor types, Tensor word, Tensor position, Tensor type)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(words, positions, types, word, position, type);
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
                        EmbeddingKernels.EMBEDDING_SUM,
                        Math.toIntExact(words.shape().size()),
                        words.buffer(),
                        positions.buffer(),
                        types.buffer(),
                        word.buffer(),
                        position.buffer(),
                        type.buffer(),
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
                        () -> graph.apply(new EmbeddingGradient(positions, dy, position))),
                Gradient.of(
                        graph, type, () -> graph.apply(new EmbeddingGradient(types, dy, type))));
    }
}
