package cglora.models.graph;

import cglora.kernels.attention.SequenceKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Whole sequences in another order, `y[b] = x[order[b]]`.
///
/// @param x         [sequences · positions, width]
/// @param order     [batch], int
/// @param positions of a sequence
public record PickSequences(Tensor x, Tensor order, int positions) implements Op {
    private int batch() {
        return order.shape().last();
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, order);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("picked", Shape.of(batch() * positions, x.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        SequenceKernels.PICK_SEQUENCES,
                        batch() * positions,
                        x.buffer(),
                        order.buffer(),
                        outputs.getFirst().buffer(),
                        positions,
                        x.shape().last()));
    }
}
