package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.data.TokenStream;
import cglora.models.graph.Graph;
import cglora.models.graph.MaskRows;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/// A model with its loss in a graph.
///
/// @param inputs  what the host writes for each batch
/// @param loss    the loss of each term: an example, or a token; its weights have the same shape
/// @param logits  [terms, classes] of each term
/// @param lengths [batch], int, of each stream of tokens that passes through its layers
/// @param results what an evaluation reads, by name; appended when it is asked for
public record TaskGraph(
        List<Input> inputs,
        Tensor loss,
        Tensor logits,
        Map<TokenStream, Tensor> lengths,
        Map<String, Supplier<Tensor>> results) {
    /// An input of the graph.
    ///
    /// @param values its elements for a batch, `int[]` or `float[]`
    public record Input(Tensor tensor, Function<Batch, Object> values) {}

    /// With the builder's constants beside what a batch gives.
    static TaskGraph of(
            ModelBuilder builder,
            List<Input> ofBatch,
            Tensor loss,
            Tensor logits,
            Map<TokenStream, Tensor> lengths,
            Map<String, Supplier<Tensor>> results) {
        var inputs = new ArrayList<>(ofBatch);
        builder.constants().forEach((tensor, values) -> inputs.add(new Input(tensor, _ -> values)));
        return new TaskGraph(List.copyOf(inputs), loss, logits, lengths, results);
    }

    /// `x` [batch · width, size] of a layer with the rows of padding set to 0.
    Tensor masked(Graph graph, TokenStream stream, Tensor x) {
        // an empty row of a batch has no tokens either
        TokenStream of = stream == TokenStream.EXAMPLES ? TokenStream.SOURCE : stream;
        return graph.apply(new MaskRows(x, lengths.get(of)));
    }

    /// Writes a batch.
    void feed(LoadedProgram program, Batch batch) {
        for (Input input : inputs) {
            switch (input.values().apply(batch)) {
                case int[] ints -> program.write(input.tensor().buffer(), ints);
                case float[] floats -> program.write(input.tensor().buffer(), floats);
                case Object other ->
                        throw new IllegalArgumentException(input.tensor() + " given " + other);
            }
        }
    }
}
