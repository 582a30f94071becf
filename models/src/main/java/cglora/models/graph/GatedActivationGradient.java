package cglora.models.graph;

import cglora.kernels.program.Launch;
import java.util.List;

/// Gradients of gate and factor of a gated linear unit.
record GatedActivationGradient(Tensor dy, Tensor gate, Tensor up, GatedActivation.Form form)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        return List.of(dy, gate, up);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("dGate", gate.shape()), Output.of("dUp", gate.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        form.gradient(),
                        gate.shape().rows(),
                        dy.buffer(),
                        gate.buffer(),
                        up.buffer(),
                        outputs.get(0).buffer(),
                        outputs.get(1).buffer(),
                        gate.shape().last()));
    }
}
