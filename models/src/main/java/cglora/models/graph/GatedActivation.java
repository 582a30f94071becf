package cglora.models.graph;

import cglora.kernels.Kernel;
import cglora.kernels.activation.GatedKernels;
import cglora.kernels.program.Launch;
import java.util.List;
import java.util.function.Supplier;

/// `y = f(gate) · up`: a gated linear unit (Shazeer, arXiv 2002.05202).
///
/// @param gate [rows, width]
/// @param up   same shape
/// @param form which `f`
public record GatedActivation(Tensor gate, Tensor up, Form form) implements Op {
    /// The function of the gate.
    public enum Form {
        SILU(GatedKernels.GATED_SILU, GatedKernels.GATED_SILU_GRADIENT),
        GELU_TANH(GatedKernels.GATED_GELU_TANH, GatedKernels.GATED_GELU_TANH_GRADIENT);

        private final Kernel kernel;
        private final Kernel gradient;

        Form(Kernel kernel, Kernel gradient) {
            this.kernel = kernel;
            this.gradient = gradient;
        }

        Kernel gradient() {
            return gradient;
        }
    }

    public GatedActivation {
        Op.requireShape("up", up, gate.shape().rows(), gate.shape().last());
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(gate, up);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("gated", gate.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        form.kernel,
                        gate.shape().rows(),
                        gate.buffer(),
                        up.buffer(),
                        outputs.getFirst().buffer(),
                        gate.shape().last()));
    }

    @Override
    public List<Gradient> gradients(Graph graph, List<Tensor> outputs, Tensor dy) {
        Supplier<Node> node =
                Gradient.once(() -> graph.add(new GatedActivationGradient(dy, gate, up, form)));
        return List.of(
                Gradient.of(graph, gate, () -> node.get().output(0)),
                Gradient.of(graph, up, () -> node.get().output(1)));
    }
}
