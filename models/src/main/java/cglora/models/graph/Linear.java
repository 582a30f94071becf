package cglora.models.graph;

import cglora.kernels.program.Launch;
import java.util.ArrayList;
import java.util.List;

/// `y = x · weightᵀ + bias`.
///
/// @param x      [rows, in]
/// @param weight [out, in]
/// @param bias   [out]; null for none, or where a later op adds it
public record Linear(Tensor x, Tensor weight, Tensor bias) implements Op {
    public Linear {
        Op.requireShape("weight", weight, weight.shape().rows(), x.shape().last());
        if (bias != null) {
            Op.requireShape("bias", bias, weight.shape().rows());
        }
    }

    @Override
    public List<Tensor> inputs() {
        return bias == null ? List.of(x, weight) : List.of(x, weight, bias);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("linear", Shape.of(x.shape().rows(), weight.shape().rows())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(product(x, weight, bias, outputs.getFirst()));
    }

    /// The launch of `y = x · wᵀ + bias`.
    static Launch product(Tensor x, Tensor w, Tensor bias, Tensor y) {
        return bias == null
                ? ProductLaunch.of(x, w, y, 1f, 0)
                : ProductLaunch.biased(x, w, bias, y);
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        var gradients = new ArrayList<Gradient>();
        gradients.add(
                Gradient.accumulating(
                        x, sum -> graph.apply(new Matmul(Matmul.Form.NN, dy, weight, 1f, sum))));
        gradients.add(
                Gradient.accumulating(
                        weight, sum -> graph.apply(new Matmul(Matmul.Form.TN, dy, x, 1f, sum))));
        if (bias != null) {
            gradients.add(Gradient.of(graph, bias, () -> graph.apply(new ColumnSum(dy))));
        }
        return gradients;
    }
}
