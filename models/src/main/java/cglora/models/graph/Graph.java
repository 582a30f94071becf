package cglora.models.graph;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Program;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// A static computation: ops over tensors of known shapes, each after those that it needs.
public final class Graph {
    private final String name;
    private final List<Node> nodes = new ArrayList<>();
    private final Set<Tensor> inputs = new LinkedHashSet<>();
    private final List<Recomputed> recomputed = new ArrayList<>();
    private final Map<Tensor, Tensor> again = new HashMap<>();

    public Graph(String name) {
        this.name = name;
    }

    public String name() {
        return name;
    }

    /// A value that the host writes before every execution.
    public Tensor input(String inputName, DataType type, Shape shape) {
        var tensor = new Tensor(inputName, shape, type, null, null, null);
        inputs.add(tensor);
        return tensor;
    }

    /// A value in a persistent buffer: a parameter, or a statistic that is being summed.
    public Tensor persistent(String tensorName, Shape shape, Buffer buffer) {
        if (!buffer.isPersistent() || buffer.length() != shape.size()) {
            throw new IllegalArgumentException(tensorName + shape + " over " + buffer);
        }
        return new Tensor(tensorName, shape, buffer.type(), null, null, buffer);
    }

    /// Appends an op.
    public Node add(Op op) {
        var node = new Node(nodes.size(), op);
        var outputs = new ArrayList<Tensor>();
        for (Output output : op.outputs()) {
            outputs.add(
                    new Tensor(
                            output.name(),
                            output.shape(),
                            DataType.FLOAT32,
                            node,
                            output.inPlaceOf(),
                            null));
        }
        node.outputs(outputs);
        nodes.add(node);
        return node;
    }

    /// Appends an op of which only the first output matters.
    public Tensor apply(Op op) {
        return add(op).output(0);
    }

    /// Appends a part of which only what other parts read stays in memory: a gradient computes the
    /// rest again where it needs it (activation recomputation; Chen et al., arXiv 1604.06174).
    ///
    /// @param part appends its ops and gives what it computes; parts do not hold each other
    public <T> T recomputed(Supplier<T> part) {
        int first = nodes.size();
        T result = part.get();
        if (!recomputed.isEmpty() && recomputed.getLast().end() > first) {
            throw new IllegalStateException("a recomputed part within another, from node " + first);
        }
        recomputed.add(new Recomputed(first, nodes.size()));
        return result;
    }

    /// Where the elements of `tensor` are at this point of the graph: in what a gradient has
    /// computed again, or else in itself.
    public Tensor latest(Tensor tensor) {
        return again.getOrDefault(tensor, tensor);
    }

    /// The parts that are computed again, in order.
    List<Recomputed> recomputed() {
        return recomputed;
    }

    /// Appends the ops of a part once more, over what they themselves have computed again.
    ///
    /// @return the new nodes, one for each of the part
    List<Node> recompute(Recomputed part) {
        int first = nodes.size();
        var copies = new ArrayList<Node>();
        for (Node node : part.of(nodes)) {
            Node copy = add(Recomputed.over(node.op(), this::latest));
            copy.markAgain();
            for (int i = 0; i < node.outputs().size(); i++) {
                Node owner = copy.output(i).root().producer();
                if (owner == null || owner.index() < first) {
                    throw new IllegalStateException(
                            node + " overwrites what is not of its part, and cannot run again");
                }
                again.put(node.output(i), copy.output(i));
            }
            copies.add(copy);
        }
        return copies;
    }

    /// Has `tensor` computed into a persistent buffer instead of one of the program's own.
    public void store(Tensor tensor, Buffer persistent) {
        tensor.place(persistent);
    }

    List<Node> nodes() {
        return nodes;
    }

    /// The program that computes `outputs`, followed by `more` launches.
    public Program compile(Collection<Buffer> outputs, List<Launch> more) {
        List<Launch> launches = Recomputed.launches(nodes, outputs, more);
        var inputBuffers = new LinkedHashSet<Buffer>();
        inputs.forEach(input -> inputBuffers.add(input.buffer()));
        return Planner.plan(name, launches, inputBuffers, new LinkedHashSet<>(outputs));
    }

    /// The program that computes `outputs`.
    public Program compile(List<Tensor> outputs) {
        return compile(outputs.stream().map(Tensor::buffer).toList(), List.of());
    }
}
