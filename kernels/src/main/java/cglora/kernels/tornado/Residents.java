package cglora.kernels.tornado;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
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

    /// Arrays that one anchor brought to the device, and how to give their memory back.
    private record Upload(Set<Object> arrays, TornadoExecutionPlan plan) {}

    private final TornadoDevice device;
    private final Set<Object> resident = identitySet();
    private final Set<Object> pending = identitySet();
    private final List<Upload> uploads = new ArrayList<>();
    private Anchor anchor;
    private int anchors;

    Residents(TornadoDevice device) {
        this.device = device;
    }

    private static Set<Object> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    /// An array that is to stay on the device. Until it is there its elements are those of the
    /// Java array.
    void add(float[] array) {
        pending.add(array);
    }

    boolean isOnDevice(Object array) {
        return resident.contains(array);
    }

    /// Gives an array's place on the device back, with the last array of those that came with it.
    void remove(Object array) {
        if (pending.remove(array)) {
            return;
        }
        if (!resident.remove(array)) {
            throw new IllegalArgumentException("an array that is not on the device");
        }
        for (Upload upload : List.copyOf(uploads)) {
            boolean had = upload.arrays().remove(array);
            if (had && upload.arrays().isEmpty()) {
                makeAnchor();
                upload.plan().freeDeviceMemory();
                uploads.remove(upload);
            }
        }
    }

    /// A plan of one graph over resident arrays, ready to run on the device.
    ///
    /// @param used   the resident arrays that its tasks use
    /// @param filler adds the graph's own transfers and its tasks
    ResidentGraph graph(String name, Set<Object> used, Consumer<TaskGraph> filler) {
        if (!pending.isEmpty()) {
            makeAnchor();
        }
        var graph = new TaskGraph(name);
        Object[] arrays = used.toArray();
        if (arrays.length > 0) {
            graph.consumeFromDevice(anchor.name(), arrays);
        }
        filler.accept(graph);
        if (arrays.length > 0) {
            graph.persistOnDevice(arrays);
        }
        return ResidentGraph.of(device, anchor == null ? null : anchor.graph(), graph.snapshot());
    }

    private void makeAnchor() {
        if (resident.isEmpty() && pending.isEmpty()) {
            anchor = null;
            return;
        }
        String name = "anchor" + anchors++;
        var graph = new TaskGraph(name);
        Object[] old = resident.toArray();
        Object[] fresh = pending.toArray();
        if (old.length > 0) {
            graph.consumeFromDevice(anchor.name(), old);
        }
        if (fresh.length > 0) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, fresh);
        }
        int[] at = {0, 0};
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
        Object[] touched = fresh.length > 0 ? fresh : old;
        for (int i = 0; i < touched.length; i++) {
            TaskBinding.add(
                    graph,
                    "touch" + i,
                    ArenaKernels.TOUCH_FLOATS.handle(),
                    0,
                    1,
                    touched[i],
                    at,
                    0);
        }
        resident.addAll(pending);
        pending.clear();
        graph.persistOnDevice(resident.toArray());
        ImmutableTaskGraph snapshot = graph.snapshot();
        ResidentGraph made =
                ResidentGraph.of(device, old.length > 0 ? anchor.graph() : null, snapshot);
        made.execute();
        if (fresh.length > 0) {
            Set<Object> arrays = identitySet();
            Collections.addAll(arrays, fresh);
            uploads.add(new Upload(arrays, made.plan()));
        }
        anchor = new Anchor(name, snapshot);
    }

    @Override
    public void close() {
        uploads.forEach(upload -> upload.plan().freeDeviceMemory());
        uploads.clear();
        resident.clear();
        pending.clear();
        anchor = null;
    }
}
