package cglora.models.graph;

import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.program.Launch;
import java.util.ArrayList;
import java.util.List;

/// `dx = dy · (weight + scaling · loraB · loraA)`, added to `sum` where there is one.
record LoraInputGradient(
        Tensor dy, Tensor weight, Tensor loraA, Tensor loraB, float scaling, Tensor sum)
        implements Op {
    @Override
    public List<Tensor> inputs() {
        var inputs = new ArrayList<>(List.of(dy, weight, loraA, loraB));
        if (sum != null) {
            inputs.add(sum);
        }
        return inputs;
    }

    @Override
    public List<Output> outputs() {
        return List.of(
                Output.into(sum, "dx", Shape.of(dy.shape().rows(), weight.shape().last())),
                Output.of("merged", weight.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int rows = dy.shape().rows();
        int out = weight.shape().rows();
        int in = weight.shape().last();
        return List.of(
                LoraLinear.merge(weight, loraA, loraB, scaling, outputs.get(1)),
                Launch.of(
                                MatmulKernels.MATMUL_NN,
                                rows,
                                dy.buffer(),
                                outputs.get(1).buffer(),
                                outputs.get(0).buffer(),
                                in,
                                out,
                                1f,
                                sum == null ? 0 : 1)
                        .withOperations(2L * rows * out * in));
    }
}
