package cglora.models.graph;

import cglora.kernels.Kernel.Role;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Launch;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/// A part of a [Graph] that a gradient computes again instead of keeping what it has computed: the
/// nodes `first … end − 1`.
record Recomputed(int first, int end) {

    /// Its nodes.
    List<Node> of(List<Node> nodes) {
        return List.copyOf(nodes.subList(first, end));
    }

    /// The same op over other tensors.
    static Op over(Op op, UnaryOperator<Tensor> other) {
        RecordComponent[] components = op.getClass().getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        try {
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                values[i] = components[i].getAccessor().invoke(op);
                if (values[i] instanceof Tensor tensor) {
                    values[i] = other.apply(tensor);
                }
            }
            return op.getClass().getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    op.getClass() + " cannot be made over other tensors", e);
        }
    }

    /// The launches of all nodes, in order, without those nodes that compute again what nobody
    /// reads; then `more`.
    ///
    /// @param outputs what the host reads at the end
    static List<Launch> launches(List<Node> nodes, Collection<Buffer> outputs, List<Launch> more) {
        Set<Buffer> read = new HashSet<>(outputs);
        more.forEach(launch -> addRead(launch, read));
        var kept = new ArrayList<List<Launch>>();
        for (Node node : nodes.reversed()) {
            List<Launch> launches = node.op().launches(node.outputs());
            if (!node.isAgain() || launches.stream().anyMatch(launch -> writes(launch, read))) {
                launches.forEach(launch -> addRead(launch, read));
                kept.add(launches);
            }
        }
        var all = new ArrayList<Launch>();
        kept.reversed().forEach(all::addAll);
        all.addAll(more);
        return all;
    }

    private static void addRead(Launch launch, Set<Buffer> read) {
        for (int i = 0; i < launch.buffers().size(); i++) {
            if (launch.kernel().operands().get(i).role() != Role.WRITE) {
                read.add(launch.buffers().get(i));
            }
        }
    }

    private static boolean writes(Launch launch, Set<Buffer> read) {
        for (int i = 0; i < launch.buffers().size(); i++) {
            Buffer buffer = launch.buffers().get(i);
            boolean written = launch.kernel().operands().get(i).role() != Role.READ;
            if (written && (buffer.isPersistent() || read.contains(buffer))) {
                return true;
            }
        }
        return false;
    }
}
