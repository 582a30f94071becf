package cglora.models.graph;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Rows of `x` at given places [taken, hidden]; 0 where a place is negative. No row is taken twice,
/// so that the gradient is the same op the other way round.
///
/// @param x      [rows, hidden]
/// @param places [taken], int: a row of `x`, or −1
/// @param back   [rows], int: which of the taken rows it is, or −1; null where no gradient is asked
///     for
public record GatherRows(Tensor x, Tensor places, Tensor back) implements Op {
    public GatherRows {
        if (back != null) {
            Op.requireShape("back", back, x.shape().rows());
        }
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, places);
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.of(
                        "gathered",
                        Shape.of(Math.toIntExact(places.shape().size()), x.shape().last())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        PoolingKernels.GATHER_ROWS,
                        Math.toIntExact(places.shape().size()),
                        x.buffer(),
                        places.buffer(),
                        outputs.getFirst().buffer(),
                        x.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(Gradient.of(graph, x, () -> graph.apply(new GatherRows(dy, back, places))));
    }
}
