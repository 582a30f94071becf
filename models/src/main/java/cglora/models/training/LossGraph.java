package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.data.BatchShape;
import cglora.models.graph.Graph;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/// The forward pass of a batch's shape in a graph, with the losses of its terms and their weights;
/// who makes it adds what is gathered.
final class LossGraph {
    private final Session session;
    private final Graph graph;
    private final ModelBuilder builder;
    private final TaskGraph task;
    private final Tensor weights;

    /// @param recomputes whether layers are computed again for their gradients; where their inputs
    ///     are then is said by [Graph#latest]
    LossGraph(Session session, Graph graph, BatchShape shape, boolean recomputes) {
        this.session = session;
        this.graph = graph;
        this.builder =
                new ModelBuilder(graph, session.parameters(), session.adapters(), null)
                        .withGradientCheckpointing(recomputes);
        this.task = session.task().graph(builder, shape);
        this.weights = graph.input("weights", DataType.FLOAT32, task.loss().shape());
    }

    TaskGraph task() {
        return task;
    }

    /// Of the terms of the loss, in its shape.
    Tensor weights() {
        return weights;
    }

    /// Input and output of a layer.
    ModelBuilder.Tap tap(LinearModule module) {
        return builder.taps().get(module.name());
    }

    /// @param kept what is read after a run, beside the losses
    LossProgram load(List<Buffer> kept) {
        var read = new ArrayList<>(kept);
        read.add(task.loss().buffer());
        return new LossProgram(
                session,
                session.engine().load(graph.compile(read, List.of())),
                task,
                weights.buffer(),
                task.loss().buffer());
    }
}
