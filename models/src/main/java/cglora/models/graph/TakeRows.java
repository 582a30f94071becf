package cglora.models.graph;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Neighbouring tokens of each sequence from a place of its own on [batch · taken, hidden]; 0 where
/// there are none.
///
/// @param x      [batch · width, hidden]
/// @param starts [batch], int, not negative
/// @param taken  tokens of each sequence
public record TakeRows(Tensor x, Tensor starts, int taken) implements Op {
    public TakeRows {
        if (x.shape().rows() % starts.shape().size() != 0 || taken < 1) {
            throw new IllegalArgumentException(taken + " of " + x + " from " + starts);
        }
    }

    int batch() {
        return Math.toIntExact(starts.shape().size());
    }

    int width() {
        return x.shape().rows() / batch();
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, starts);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("taken", Shape.of(batch() * taken, x.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        PoolingKernels.TAKE_ROWS,
                        batch() * taken,
                        x.buffer(),
                        starts.buffer(),
                        outputs.getFirst().buffer(),
                        width(),
                        taken,
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(Gradient.of(graph, x, () -> graph.apply(new TakeRowsGradient(this, dy))));
    }
}
