package cglora.models.block;

import cglora.kernels.program.DataType;
import cglora.models.graph.Dropout;
import cglora.models.graph.Graph;
import cglora.models.graph.Linear;
import cglora.models.graph.LoraLinear;
import cglora.models.graph.LowRankUpdate;
import cglora.models.graph.Matmul;
import cglora.models.graph.Scale;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Builds one graph of a model: knows its parameters and decides, for each linear layer, whether
/// an adapter is on it. A model family states its layers and never sees an adapter.
public final class ModelBuilder {
    /// What went into a linear layer and what came out: where curvature is measured.
    ///
    /// @param x [rows, in]
    /// @param y [rows, out]
    public record Tap(Tensor x, Tensor y) {}

    private final Graph graph;
    private final Parameters parameters;
    private final Map<String, LoraLayer> adapters;
    private final Tensor dropoutSeed;
    private boolean apart;
    private boolean checkpointing;
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Map<String, Tap> taps = new LinkedHashMap<>();
    private final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final Map<Tensor, int[]> constantValues = new LinkedHashMap<>();

    /// @param adapters    by the name of the linear layer
    /// @param dropoutSeed [1], int; null where nothing is dropped, as in evaluation
    public ModelBuilder(
            Graph graph,
            Parameters parameters,
            Map<String, LoraLayer> adapters,
            Tensor dropoutSeed) {
        this.graph = graph;
        this.parameters = parameters;
        this.adapters = adapters;
        this.dropoutSeed = dropoutSeed;
    }

    /// From here on adapters are computed beside their weights instead of summed into them, which
    /// costs less where few rows pass.
    public ModelBuilder withAdaptersApart() {
        apart = true;
        return this;
    }

    /// From here on of each layer only the input stays in memory, and the gradient computes the
    /// layer again.
    ///
    /// @param recomputes false for layers that keep what their gradients need
    public ModelBuilder withGradientCheckpointing(boolean recomputes) {
        checkpointing = recomputes;
        return this;
    }

    /// Appends one layer of a stack over its input.
    public Tensor layer(Tensor x, UnaryOperator<Tensor> build) {
        return checkpointing ? graph.recomputed(() -> build.apply(x)) : build.apply(x);
    }

    public Graph graph() {
        return graph;
    }

    /// The tensor of a parameter; the same object each time.
    public Tensor parameter(String name) {
        return tensors.computeIfAbsent(
                name,
                n -> {
                    var parameter = parameters.get(n);
                    return graph.persistent(n, parameter.spec().shape(), parameter.buffer());
                });
    }

    /// Whole numbers that are the same for every batch of a graph, such as the buckets of
    /// distances; the same tensor for the same name.
    public Tensor constant(String name, int[] values) {
        return constants.computeIfAbsent(
                name,
                n -> {
                    Tensor tensor = graph.input(n, DataType.INT32, Shape.of(values.length));
                    constantValues.put(tensor, values);
                    return tensor;
                });
    }

    /// What the host writes into the constants before an execution.
    public Map<Tensor, int[]> constants() {
        return constantValues;
    }

    /// A linear layer with its adapter, and with its bias where it has one.
    public Tensor linear(LinearModule module, Tensor x) {
        return linear(module, x, module.biased() ? parameter(module.bias()) : null);
    }

    /// A linear layer whose bias a later op adds.
    public Tensor linearWithoutBias(LinearModule module, Tensor x) {
        return linear(module, x, null);
    }

    /// A linear layer with its bias, its adapter and a function behind it.
    public Tensor activated(LinearModule module, Activation activation, Tensor x) {
        return activation.behind(this, module, x);
    }

    private Tensor linear(LinearModule module, Tensor x, Tensor bias) {
        Tensor weight = parameter(module.weight());
        LoraLayer adapter = adapters.get(module.name());
        Tensor y =
                adapter == null
                        ? graph.apply(new Linear(x, weight, bias))
                        : adapted(adapter, x, weight, bias);
        taps.put(module.name(), new Tap(x, y));
        return y;
    }

    private Tensor adapted(LoraLayer adapter, Tensor x, Tensor weight, Tensor bias) {
        Tensor loraA = parameter(adapter.loraA());
        Tensor loraB = parameter(adapter.loraB());
        if (adapter.whitened()) {
            Tensor ofInput = parameter(adapter.inputRoot());
            Tensor ofOutput = parameter(adapter.outputRoot());
            if (adapter.whitening().rank() == 0) {
                loraA = graph.apply(Matmul.of(Matmul.Form.NN, loraA, ofInput));
                loraB = graph.apply(Matmul.of(Matmul.Form.NN, ofOutput, loraB));
            } else {
                loraA = inputSide(loraA, ofInput, adapter.whitening().inputScale());
                loraB = outputSide(loraB, ofOutput, adapter.whitening().outputScale());
            }
        }
        boolean drops = adapter.dropout() != 0f && dropoutSeed != null;
        if (!apart && !drops) {
            return graph.apply(new LoraLinear(x, weight, bias, loraA, loraB, adapter.scaling()));
        }
        Tensor base = graph.apply(new Linear(x, weight, bias));
        int key = adapter.module().name().hashCode();
        Tensor kept = drops ? graph.apply(new Dropout(x, dropoutSeed, key, adapter.dropout())) : x;
        Tensor u = graph.apply(Matmul.of(Matmul.Form.NT, kept, loraA));
        return graph.apply(new LowRankUpdate(base, u, loraB, adapter.scaling()));
    }

    /// `A′ (c · I − P Pᵀ)`.
    private Tensor inputSide(Tensor factor, Tensor P, float c) {
        Tensor known = graph.apply(Matmul.of(Matmul.Form.NN, factor, P));
        Tensor scaled = graph.apply(new Scale(factor, c));
        return graph.apply(new Matmul(Matmul.Form.NT, known, P, -1f, scaled));
    }

    /// `(c · I − P Pᵀ) B′`.
    private Tensor outputSide(Tensor factor, Tensor P, float c) {
        Tensor known = graph.apply(Matmul.of(Matmul.Form.TN, P, factor));
        Tensor scaled = graph.apply(new Scale(factor, c));
        return graph.apply(new Matmul(Matmul.Form.NN, P, known, -1f, scaled));
    }

    /// All linear layers built so far.
    public Map<String, Tap> taps() {
        return taps;
    }
}
