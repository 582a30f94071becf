package cglora.models.training;

import cglora.kernels.check.Float64;
import cglora.kernels.program.DataType;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.graph.Dot;
import cglora.models.graph.Float64Values;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.HashMap;
import java.util.Map;

/// The weighted loss of one batch in float64, as a function of a session's parameters.
final class Float64Loss {
    private final ModelBuilder builder;
    private final Tensor total;
    private final Map<Tensor, double[]> values = new HashMap<>();

    /// Takes the parameters as they are now.
    ///
    /// @param weights of the terms of the loss
    /// @param seed    of dropout
    Float64Loss(Session session, Batch batch, float[] weights, int seed) {
        var graph = new Graph("float64");
        Tensor seedInput = graph.input("seed", DataType.INT32, Shape.of(1));
        Tensor weightInput = graph.input("weights", DataType.FLOAT32, Shape.of(weights.length));
        builder = new ModelBuilder(graph, session.parameters(), session.adapters(), seedInput);
        TaskGraph task = session.task().graph(builder, batch.shape());
        total = graph.apply(new Dot(task.loss(), weightInput));
        values.put(seedInput, new double[] {seed});
        values.put(weightInput, Float64.of(weights));
        for (TaskGraph.Input input : task.inputs()) {
            values.put(
                    input.tensor(),
                    input.values().apply(batch) instanceof int[] whole
                            ? ints(whole)
                            : Float64.of((float[]) input.values().apply(batch)));
        }
        for (String name : session.parameters().names()) {
            values.put(builder.parameter(name), Float64.of(session.read(name)));
        }
    }

    private static double[] ints(int[] values) {
        return Float64.vector(values.length, i -> values[i]);
    }

    double[] parameter(String name) {
        return values.get(builder.parameter(name));
    }

    /// The loss as it is.
    double value() {
        return new Float64Values(values).of(total)[0];
    }

    /// What goes into a linear layer [rows · in].
    double[] input(String module) {
        return new Float64Values(values).of(builder.taps().get(module).x());
    }

    /// The loss [1] with other elements of one parameter.
    double[] with(String name, double[] elements) {
        var changed = new HashMap<>(values);
        changed.put(builder.parameter(name), elements);
        return new Float64Values(changed).of(total);
    }
}
