package cglora.models.graph;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Program;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A static computation: ops over tensors of known shapes, each after those that it needs.
public final class Graph {
    private final String name;
    private final List<Node> nodes = new ArrayList<>();
    private final Set<Tensor> inputs = new LinkedHashSet<>();

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

    /// Has `tensor` computed into a persistent buffer instead of one of the program's own.
    public void store(Tensor tensor, Buffer persistent) {
        tensor.place(persistent);
    }

    List<Node> nodes() {
        return nodes;
    }

    /// The launches of all nodes, in order.
    public List<Launch> launches() {
        var launches = new ArrayList<Launch>();
        for (Node node : nodes) {
            launches.addAll(node.op().launches(node.outputs()));
        }
        return launches;
    }

    /// The program that computes `outputs`, followed by `more` launches.
    public Program compile(Collection<Buffer> outputs, List<Launch> more) {
        var launches = new ArrayList<>(launches());
        launches.addAll(more);
        var inputBuffers = new LinkedHashSet<Buffer>();
        inputs.forEach(input -> inputBuffers.add(input.buffer()));
        return Planner.plan(name, launches, inputBuffers, new LinkedHashSet<>(outputs));
    }

    /// The program that computes `outputs`.
    public Program compile(List<Tensor> outputs) {
        return compile(outputs.stream().map(Tensor::buffer).toList(), List.of());
    }
}
