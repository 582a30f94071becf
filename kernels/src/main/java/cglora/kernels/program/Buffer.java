package cglora.kernels.program;

import static java.util.Objects.requireNonNull;

/// A one-dimensional array of a program. A persistent buffer has its place in an [Arena] from the
/// start; one of [Region#SCRATCH] gets it from the [Planner], where its lifetime ends with the
/// last launch that uses it.
///
/// Two buffers are the same only if they are the same object.
public final class Buffer {
    private final String name;
    private final DataType type;
    private final int length;
    private final Arena arena;
    private final int offset;

    Buffer(String name, DataType type, int length, Arena arena, int offset) {
        this.name = requireNonNull(name, "name");
        this.type = requireNonNull(type, "type");
        if (length < 0) {
            throw new IllegalArgumentException("buffer " + name + " has length " + length);
        }
        this.length = length;
        this.arena = arena;
        this.offset = offset;
    }

    /// A buffer that a program's planner places.
    public static Buffer scratch(String name, DataType type, long length) {
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "buffer " + name + " of " + length + " elements is too large for an array");
        }
        return new Buffer(name, type, (int) length, null, -1);
    }

    /// A part of this persistent buffer, under a name of its own.
    public Buffer view(String viewName, int start, int elements) {
        if (!isPersistent()
                || type == DataType.BFLOAT16
                || start < 0
                || elements < 0
                || start + elements > length) {
            throw new IllegalArgumentException(
                    "elements " + start + " + " + elements + " of " + this);
        }
        return new Buffer(viewName, type, elements, arena, offset + start);
    }

    public String name() {
        return name;
    }

    public DataType type() {
        return type;
    }

    /// How many numbers it holds.
    public int length() {
        return length;
    }

    public boolean isPersistent() {
        return arena != null;
    }

    Arena arena() {
        return arena;
    }

    int offset() {
        return offset;
    }

    @Override
    public String toString() {
        return name + "[" + length + "]";
    }
}
