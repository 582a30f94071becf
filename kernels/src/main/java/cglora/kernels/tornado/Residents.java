package cglora.kernels.tornado;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// The arrays that stay on a device, and the graph from which every other graph takes them.
///
/// TornadoVM hands buffers from the graph that was executed last in a plan to the next one. So
/// there is an *anchor*: a graph that holds all resident arrays. Every other graph has a plan of
/// its own, of the anchor and itself, and keeps the buffers that it took at its first execution.
/// When arrays come, a new anchor takes over those that were there and uploads the others.
final class Residents implements AutoCloseable {
    private record Anchor(String name, ImmutableTaskGraph graph) {}

    private final TornadoDevice device;
    private final Set<Object> resident = identitySet();
    private final Set<Object> pending = identitySet();
    private final Set<ResidentGraph> graphs = new LinkedHashSet<>();
    private Anchor anchor;
    private int anchors;

    Residents(TornadoDevice device) {
        this.device = device;
    }

    private static Set<Object> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    /// An array that is to stay on the device until the end: TornadoVM gives the memory of a graph
    /// back with all that the graph ever held. Until it is there its elements are those of the Java
    /// array.
    ///
    /// @param array `float[]`, or an `int[]` that no launch writes
    void add(Object array) {
        pending.add(array);
    }

    boolean isOnDevice(Object array) {
        return resident.contains(array);
    }

    /// A plan of one graph over resident arrays, ready to run on the device. The graph takes all
    /// of them, used or not: the anchor gets its buffers back from the graph that ran last.
    ///
    /// @param filler adds the graph's own transfers and its tasks
    ResidentGraph graph(String name, Consumer<TaskGraph> filler) {
        if (!pending.isEmpty()) {
            anchor = nextAnchor();
        }
        var graph = new TaskGraph(name);
        Object[] arrays = resident.toArray();
        if (arrays.length > 0) {
            graph.consumeFromDevice(anchor.name(), arrays);
        }
        filler.accept(graph);
        if (arrays.length > 0) {
            graph.persistOnDevice(arrays);
        }
        ResidentGraph made =
                ResidentGraph.of(device, anchor == null ? null : anchor.graph(), graph.snapshot());
        graphs.add(made);
        return made;
    }

    /// A graph that takes over what is resident and brings what is pending. Its tasks touch what it
    /// brings: TornadoVM uploads what a task reads.
    private Anchor nextAnchor() {
        String name = "anchor" + anchors++;
        var graph = new TaskGraph(name);
        Object[] old = resident.toArray();
        Object[] fresh = pending.toArray();
        if (old.length > 0) {
            graph.consumeFromDevice(anchor.name(), old);
        }
        int[] at = {0, 0};
        int[] nothing = {0, 0, 0};
        float[] unchanged = {0};
        var touch = ArenaKernels.TOUCH_FLOATS.handle();
        var read = ArenaKernels.READ_WORDS.handle();
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, fresh);
        if (pending.stream().anyMatch(float[].class::isInstance)) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
        }
        if (pending.stream().anyMatch(int[].class::isInstance)) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, nothing, unchanged);
        }
        for (int i = 0; i < fresh.length; i++) {
            if (fresh[i] instanceof int[]) {
                TaskBinding.add(graph, "touch" + i, read, 0, 1, fresh[i], unchanged, nothing, 0);
            } else {
                TaskBinding.add(graph, "touch" + i, touch, 0, 1, fresh[i], at, 0);
            }
        }
        resident.addAll(pending);
        pending.clear();
        graph.persistOnDevice(resident.toArray());
        ImmutableTaskGraph snapshot = graph.snapshot();
        ResidentGraph made =
                ResidentGraph.of(device, old.length > 0 ? anchor.graph() : null, snapshot);
        graphs.add(made);
        made.execute();
        return new Anchor(name, snapshot);
    }

    @Override
    public void close() {
        // the anchors give back what is resident, every graph its inputs and what it fetches into
        graphs.forEach(ResidentGraph::free);
        graphs.clear();
        resident.clear();
        pending.clear();
        anchor = null;
    }
}
