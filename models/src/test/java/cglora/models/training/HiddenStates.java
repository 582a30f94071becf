package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.models.block.BatchInputs;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.graph.Graph;
import cglora.models.graph.Tensor;
import java.util.List;
import java.util.Map;

/// The encoder's last layer, which no program of a session gives.
public final class HiddenStates {
    private HiddenStates() {}

    /// Last hidden states [rows · width · hidden] of one batch.
    public static float[] of(Session session, Batch batch) {
        var graph = new Graph("hidden states");
        var builder = new ModelBuilder(graph, session.parameters(), session.adapters(), null);
        var inputs = BatchInputs.of(graph, batch.rows(), batch.width());
        Tensor hidden = session.model().build(builder, inputs).hidden();
        Tensor labels = session.model().labelInput(builder, batch.rows());
        LoadedProgram program = session.engine().load(graph.compile(List.of(hidden)));
        List<TaskGraph.Input> all = session.model().inputsOf(inputs, labels);
        new TaskGraph(all, null, null, Map.of(), Map.of()).feed(program, batch);
        program.run();
        return program.read(hidden.buffer());
    }
}
