package cglora.pipeline.run;

import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.training.Session;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ExportSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TrainSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// The adapter and the head, or all trained weights, as they were behind stages that others take
/// them from. The session has the newest state but while one of these is asked.
final class KeptStates {
    private final RunState run;
    private final Map<String, Map<String, float[]>> kept = new HashMap<>();

    /// Stage whose state the session has; null for none.
    private String now;

    KeptStates(RunState run) {
        this.run = run;
    }

    /// Ids of the stages whose states others take.
    static Set<String> wanted(Inputs inputs) {
        var wanted = new HashSet<String>();
        for (StageSpec stage : inputs.stages()) {
            wanted.add(
                    switch (stage) {
                        case TrainSpec training -> training.from();
                        case ExportSpec export -> export.from();
                        case EvaluateSpec evaluate when evaluate.from() != null ->
                                evaluate.from().stage();
                        default -> null;
                    });
        }
        wanted.remove(null);
        return wanted;
    }

    /// All that stages change of the model.
    static List<ParameterSpec> shapes(Session session, Inputs inputs) {
        var shapes = new ArrayList<ParameterSpec>(session.task().headParameters());
        if (inputs.isFull()) {
            shapes.addAll(session.task().bodyParameters());
        }
        for (LoraLayer layer : session.adapters().values()) {
            shapes.add(ParameterSpec.matrix(layer.loraA(), layer.r(), layer.module().in()));
            shapes.add(ParameterSpec.matrix(layer.loraB(), layer.module().out(), layer.r()));
        }
        return shapes;
    }

    /// A stage has come to its end.
    void passed(StageSpec stage) {
        boolean gives = stage instanceof AdapterSpec || stage instanceof TrainSpec;
        if (!gives || run.interrupted) {
            return;
        }
        now = stage.id();
        if (wanted(run.inputs).contains(now)) {
            kept.put(now, read());
        }
    }

    private Map<String, float[]> read() {
        var state = new LinkedHashMap<String, float[]>();
        for (ParameterSpec parameter : shapes(run.session, run.inputs)) {
            state.put(parameter.name(), run.session.read(parameter.name()));
        }
        return state;
    }

    /// Whether the stage has come to its end.
    boolean has(String id) {
        return kept.containsKey(id);
    }

    /// Gives the session the state behind a stage, for a training to go on from.
    ///
    /// @param id null for the newest, which it has
    void leave(String id) {
        if (id != null && !id.equals(now)) {
            kept.get(id).forEach(run.session::write);
        }
        now = null; // not that of a stage until the training has come to its end
    }

    /// What is asked while the session has the state behind a stage.
    ///
    /// @param id null for the newest
    <T> T with(String id, Supplier<T> asked) {
        if (id == null || id.equals(now)) {
            return asked.get();
        }
        Map<String, float[]> newest = read();
        kept.get(id).forEach(run.session::write);
        try {
            return asked.get();
        } finally {
            newest.forEach(run.session::write);
        }
    }
}
