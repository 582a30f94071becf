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
/// @param lengths   [batch], int: real tokens of each sequence
public record BatchInputs(
        int batch, int width, Tensor words, Tensor positions, Tensor types, Tensor lengths) {
    public static BatchInputs of(Graph graph, int batch, int width) {
        Shape tokens = Shape.of(batch * width);
        return new BatchInputs(
                batch,
                width,
                graph.input("input_ids", DataType.INT32, tokens),
                graph.input("position_ids", DataType.INT32, tokens),
                graph.input("token_type_ids", DataType.INT32, tokens),
                graph.input("lengths", DataType.INT32, Shape.of(batch)));
    }
}
