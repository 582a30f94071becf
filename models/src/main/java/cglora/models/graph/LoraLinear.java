package cglora.models.graph;

import cglora.kernels.program.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// A linear layer with a LoRA adapter, `y = x · (weight + scaling · loraB · loraA)ᵀ + bias`
/// (arXiv 2106.09685). The sum of the weights is formed for each execution, which costs
/// `2 · out · in · r` operations and one pass over the weight but saves two passes over `y`; it
/// does not stay in memory.
///
/// @param x       [rows, in]
/// @param weight  [out, in], frozen
/// @param bias    [out]; null for none, or where a later op adds it
/// @param loraA   [r, in]
/// @param loraB   [out, r]
/// @param scaling `lora_alpha / r`, or `lora_alpha / √r` for rsLoRA
public record LoraLinear(
        Tensor x, Tensor weight, Tensor bias, Tensor loraA, Tensor loraB, float scaling)
        implements Op {
    public LoraLinear {
        int in = x.shape().last();
        int out = weight.shape().rows();
        int r = loraA.shape().rows();
        Op.requireShape("weight", weight, out, in);
        Op.requireShape("lora_A", loraA, r, in);
        Op.requireShape("lora_B", loraB, out, r);
    }

    @Override
    public List<Tensor> inputs() {
        return bias == null
                ? List.of(x, weight, loraA, loraB)
                : List.of(x, weight, loraA, loraB, bias);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of("linear", Shape.of(x.shape().rows(), weight.shape().rows())),
                Output.of("merged", weight.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                LoraMerge.launch(weight, loraA, loraB, scaling, outputs.get(1)),
                Linear.product(x, outputs.get(1), bias, outputs.get(0)));
    }

    /// The gradients of the factors and that of `x` begin with one launch, where both are wanted.
    @Override
    public List<Gradient> gradients(
            Graph graph, List<Tensor> outputs, Tensor dy, Predicate<Tensor> wanted) {
        boolean merging = wanted.test(x);
        Supplier<Node> start =
                Gradient.once(
                        () ->
                                graph.add(
                                        new LoraBackward(
                                                dy, x, weight, loraA, loraB, scaling, merging)));
        Supplier<Node> factors =
                Gradient.once(
                        () -> {
                            Tensor u = start.get().output(0);
                            Tensor v = start.get().output(1);
                            return graph.add(new LoraGradient(dy, x, u, v, scaling));
                        });
        var gradients = new ArrayList<Gradient>();
        gradients.add(Gradient.of(graph, loraA, () -> factors.get().output(0)));
        gradients.add(Gradient.of(graph, loraB, () -> factors.get().output(1)));
        Supplier<Tensor> merged =
                wanted.test(loraA) || wanted.test(loraB)
                        ? () -> start.get().output(2)
                        : () -> graph.apply(new LoraMerge(weight, loraA, loraB, scaling));
        gradients.add(
                Gradient.accumulating(
                        x,
                        sum -> graph.apply(new Matmul(Matmul.Form.NN, dy, merged.get(), 1f, sum))));
        if (bias != null) {
            gradients.add(Gradient.of(graph, bias, () -> graph.apply(new ColumnSum(dy))));
        }
        return gradients;
    }
}
