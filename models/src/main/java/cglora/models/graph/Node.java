package cglora.models.graph;

import java.util.List;

/// One application of an op in a [Graph].
public final class Node {
    private final int index;
    private final Op op;
    private List<Tensor> outputs = List.of();
    private boolean again;

    Node(int index, Op op) {
        this.index = index;
        this.op = op;
    }

    /// Its position in the graph: inputs come from nodes of smaller index.
    int index() {
        return index;
    }

    Op op() {
        return op;
    }

    /// Whether it computes once more what another node has computed, and only runs where somebody
    /// reads the result.
    boolean isAgain() {
        return again;
    }

    void markAgain() {
        again = true;
    }

    void outputs(List<Tensor> tensors) {
        outputs = List.copyOf(tensors);
    }

    public List<Tensor> outputs() {
        return outputs;
    }

    /// The `i`-th output; only the first one has a gradient.
    public Tensor output(int i) {
        return outputs.get(i);
    }

    @Override
    public String toString() {
        return "#" + index + " " + op.getClass().getSimpleName();
    }
}
