package cglora.models.graph;

import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Predicate;

/// An operation of a [Graph]: what it takes, what it gives, which kernels compute it and how its
/// gradient goes. The list below is the table of contents; a new op is one record and one line.
public sealed interface Op
        permits AddInto,
                Attention,
                AttentionGradient,
                BiasGelu,
                BiasGeluGradient,
                BiasRelu,
                BiasReluGradient,
                BiasedAttention,
                BiasedAttentionBiasGradient,
                BiasedAttentionKeyGradient,
                BiasedAttentionQueryGradient,
                ClsPool,
                ClsPoolGradient,
                ColumnSum,
                Copy,
                CrossEntropy,
                CrossEntropyGradient,
                Dot,
                Dropout,
                Embedding,
                EmbeddingGradient,
                EmbeddingPair,
                EmbeddingSum,
                GatedActivation,
                GatedActivationGradient,
                GatherRows,
                Gram,
                KeepRows,
                LastPool,
                LastPoolGradient,
                LayerNorm,
                LayerNormInputGradient,
                LayerNormWeightGradient,
                Linear,
                LoraBackward,
                LoraGradient,
                LoraLinear,
                LoraMerge,
                LowRankBackProject,
                LowRankGradientB,
                LowRankUpdate,
                MaskRows,
                Matmul,
                MeanPool,
                MeanPoolGradient,
                NewtonSchulzFactor,
                PickSequences,
                RelativeBias,
                RelativeBiasGradient,
                Relu,
                ReluGradient,
                ResidualLayerNorm,
                RmsNorm,
                RmsNormInputGradient,
                RmsNormWeightGradient,
                Rotary,
                RowArgMax,
                Scale,
                SquaredError,
                SquaredErrorGradient,
                Squares,
                TakeRows,
                TakeRowsGradient,
                Tanh,
                TanhGradient {

    /// Tensors that it reads.
    List<Tensor> inputs();

    /// Tensors that it gives; the first is the one that has a gradient.
    List<Output> outputs();

    /// The kernels that compute `outputs`, which are in the order of [#outputs()].
    List<Launch> launches(List<Tensor> outputs);

    /// The rules for the gradients of its inputs, given the gradient `dy` of the first output.
    /// Ops that only appear in gradients have none.
    default List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of();
    }

    /// The same for an op whose inputs' gradients have work in common.
    ///
    /// @param wanted of which inputs the gradient is asked for
    default List<Gradient> gradients(
            Graph graph, List<Tensor> outputs, Tensor dy, Predicate<Tensor> wanted) {
        return gradients(graph, outputs, dy);
    }

    /// @throws IllegalArgumentException when a tensor has another shape than expected
    static void requireShape(String role, Tensor tensor, int... extents) {
        if (!tensor.shape().equals(Shape.of(extents))) {
            throw new IllegalArgumentException(
                    role + " is " + tensor + ", expected " + Shape.of(extents));
        }
    }
}
