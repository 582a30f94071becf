package cglora.models.graph;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;

/// A value of a [Graph]: a shape over a buffer. Two tensors are the same only if they are the same
/// object.
public final class Tensor {
    private final String name;
    private final Shape shape;
    private final DataType type;
    private final Node producer;
    private final Tensor inPlaceOf;
    private Buffer buffer;

    Tensor(
            String name,
            Shape shape,
            DataType type,
            Node producer,
            Tensor inPlaceOf,
            Buffer buffer) {
        this.name = name;
        this.shape = shape;
        this.type = type;
        this.producer = producer;
        this.inPlaceOf = inPlaceOf;
        this.buffer = buffer;
    }

    public String name() {
        return name;
    }

    public Shape shape() {
        return shape;
    }

    public DataType type() {
        return type;
    }

    /// The node that computes it; null for inputs and parameters.
    Node producer() {
        return producer;
    }

    /// Where its elements are.
    public Buffer buffer() {
        if (inPlaceOf != null) {
            return inPlaceOf.buffer();
        }
        if (buffer == null) {
            buffer = Buffer.scratch(name, type, shape.size());
        }
        return buffer;
    }

    /// Puts the elements into a persistent buffer, before anything has asked where they are.
    void place(Buffer persistent) {
        if (inPlaceOf != null) {
            inPlaceOf.place(persistent);
            return;
        }
        if (buffer != null) {
            throw new IllegalStateException(this + " already has its buffer " + buffer);
        }
        if (persistent.length() != shape.size()) {
            throw new IllegalArgumentException(this + " does not fit " + persistent);
        }
        buffer = persistent;
    }

    boolean sharesMemoryWith(Tensor other) {
        return root() == other.root();
    }

    /// The tensor whose memory this one uses; itself unless computed in place.
    Tensor root() {
        return inPlaceOf == null ? this : inPlaceOf.root();
    }

    @Override
    public String toString() {
        return name + shape;
    }
}
