package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.models.block.Parameters;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// All that training changes on the engine, tensor by tensor: parameters by their names, the
/// optimiser's first and second moments of each with `.m` and `.v` behind it.
public final class TrainedTensors {
    /// A tensor's extents and place.
    record Place(int[] shape, Buffer buffer) {}

    private final Engine engine;
    private final Map<String, Place> places;
    private final Map<String, Integer> groups;

    /// @param groups lengths of the buffers of a snapshot, by their names
    TrainedTensors(Engine engine, Map<String, Place> places, Map<String, Integer> groups) {
        this.engine = engine;
        this.places = places;
        this.groups = groups;
    }

    /// The extents of each.
    public SortedMap<String, int[]> shapes() {
        var shapes = new TreeMap<String, int[]>();
        places.forEach((name, place) -> shapes.put(name, place.shape().clone()));
        return shapes;
    }

    /// The extents of the parts of a kept state, as [TrainingPosition#bestState] holds it.
    public SortedMap<String, int[]> snapshotShapes() {
        var shapes = new TreeMap<String, int[]>();
        groups.forEach((name, length) -> shapes.put(name, new int[] {length}));
        return shapes;
    }

    /// A copy of the elements, row-major.
    public float[] read(String name) {
        return engine.read(places.get(name).buffer());
    }

    /// @param values as many as the tensor has
    public void write(String name, float[] values) {
        engine.write(places.get(name).buffer(), values);
    }

    /// The tensors of a session that was prepared for training.
    static TrainedTensors of(Engine engine, Parameters parameters, Iterable<AdamW.Group> trained) {
        var places = new LinkedHashMap<String, Place>();
        var groups = new LinkedHashMap<String, Integer>();
        for (AdamW.Group group : trained) {
            groups.put(group.parameters().name(), group.parameters().length());
            add(places, parameters, group, group.parameters(), "");
            add(places, parameters, group, group.m(), ".m");
            add(places, parameters, group, group.v(), ".v");
        }
        return new TrainedTensors(engine, places, groups);
    }

    private static void add(
            Map<String, Place> places,
            Parameters parameters,
            AdamW.Group group,
            Buffer whole,
            String suffix) {
        parameters
                .counterparts(group.parameters(), whole)
                .forEach(
                        (spec, buffer) ->
                                places.put(
                                        spec.name() + suffix, new Place(spec.extents(), buffer)));
    }
}
