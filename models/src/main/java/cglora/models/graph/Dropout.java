package cglora.models.graph;

import cglora.kernels.dropout.DropoutKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = x / (1 − rate)` with probability `1 − rate`, else 0, decided by seed, key and index.
///
/// @param x    any shape
/// @param seed [1], int, an input that changes with every step
/// @param key  names the place in the model
/// @param rate in [0, 1)
public record Dropout(Tensor x, Tensor seed, int key, float rate) implements Op {
    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("dropout rate " + rate + ", expected 0 … 1");
        }
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, seed);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dropout", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        DropoutKernels.DROPOUT,
                        Math.toIntExact(x.shape().size()),
                        x.buffer(),
                        seed.buffer(),
                        outputs.getFirst().buffer(),
                        key,
                        rate));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(Gradient.of(graph, x, () -> graph.apply(new Dropout(dy, seed, key, rate))));
    }
}
