package cglora.models.graph;

import cglora.kernels.normalization.RmsNormKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// `y = x / √(mean(x²) + eps) · gain` over groups of as many values as `gain` has: a whole row, or
/// each head of one (Zhang and Sennrich, arXiv 1910.07467).
///
/// @param x    [rows, groups · hidden]
/// @param gain [hidden]
public record RmsNorm(Tensor x, Tensor gain, float eps) implements Op {
    public RmsNorm {
        if (x.shape().last() % gain.shape().size() != 0) {
            throw new IllegalArgumentException(x + " normalised in groups of " + gain);
        }
    }

    private int hidden() {
        return gain.shape().last();
    }

    private int rows() {
        return Math.toIntExact(x.shape().size() / hidden());
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, gain);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("rmsNorm", x.shape()), Output.of("rstd", Shape.of(rows())));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        RmsNormKernels.RMS_NORM,
                        rows(),
                        x.buffer(),
                        gain.buffer(),
                        outputs.get(0).buffer(),
                        outputs.get(1).buffer(),
                        hidden(),
                        eps));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        Tensor rstd = outputs.get(1);
        return List.of(
                Gradient.of(
                        graph, x, () -> graph.apply(new RmsNormInputGradient(dy, x, gain, rstd))),
                Gradient.of(
                        graph,
                        gain,
                        () -> graph.apply(new RmsNormWeightGradient(dy, x, gain, rstd))));
    }
}
