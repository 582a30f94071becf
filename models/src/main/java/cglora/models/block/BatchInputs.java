package cglora.models.block;

import cglora.kernels.program.DataType;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;

/// What a batch of padded sequences brings to a graph.
///
/// @param batch     sequences
/// @param width     positions a sequence is padded to
/// @param words     [batch · width], int
/// @param positions [batch · width], int
/// @param types     [batch · width], int
/// @param lengths   [batch], int: real tokens of each row
/// @param starts    [batch, width], int: where in its row the sequence of each token begins,
///     `width` for padding; null where a row is one sequence
public record BatchInputs(
        int batch,
        int width,
        Tensor words,
        Tensor positions,
        Tensor types,
        Tensor lengths,
        Tensor starts) {
    /// Of rows that are one sequence each.
    public static BatchInputs of(Graph graph, int batch, int width) {
        Shape tokens = Shape.of(batch * width);
        return new BatchInputs(
                batch,
                width,
                graph.input("input_ids", DataType.INT32, tokens),
                graph.input("position_ids", DataType.INT32, tokens),
                graph.input("token_type_ids", DataType.INT32, tokens),
                graph.input("lengths", DataType.INT32, Shape.of(batch)),
                null);
    }

    /// Of rows that hold several sequences.
    public static BatchInputs ofPacked(Graph graph, int batch, int width) {
        BatchInputs rows = of(graph, batch, width);
        return new BatchInputs(
                batch,
                width,
                rows.words(),
                rows.positions(),
                rows.types(),
                rows.lengths(),
                graph.input("sequence_starts", DataType.INT32, Shape.of(batch, width)));
    }
}
