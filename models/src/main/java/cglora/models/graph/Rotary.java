package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.rotary.RotaryKernels;
import java.util.List;

/// Each head turned by the angles of its token's position (Su et al., arXiv 2104.09864), element
/// `p` together with element `p + half`; what is behind `2 · half` stays.
///
/// @param x         [rows, heads · headSize]
/// @param positions [rows], int: rows of the tables
/// @param cos       [positions, half]
/// @param sin       [positions, half]
/// @param back      whether it turns the other way, as its gradient does
public record Rotary(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, boolean back)
        implements Op {
    public Rotary {
        Op.requireShape("sin", sin, cos.shape().rows(), cos.shape().last());
        if (x.shape().last() % heads != 0 || 2 * cos.shape().last() > x.shape().last() / heads) {
            throw new IllegalArgumentException(x + " of " + heads + " heads turned by " + cos);
        }
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, positions, cos, sin);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("rotary", x.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        RotaryKernels.ROTARY,
                        x.shape().rows(),
                        x.buffer(),
                        positions.buffer(),
                        cos.buffer(),
                        sin.buffer(),
                        outputs.getFirst().buffer(),
                        heads,
                        x.shape().last() / heads,
                        cos.shape().last(),
                        back ? -1f : 1f));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        return List.of(
                Gradient.of(
                        graph,
                        x,
                        () -> graph.apply(new Rotary(dy, positions, cos, sin, heads, !back))));
    }
}
