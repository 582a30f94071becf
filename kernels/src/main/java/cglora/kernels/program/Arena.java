package cglora.kernels.program;

import java.util.ArrayList;
import java.util.List;

/// One array that holds many buffers of a region; engines allocate it whole.
public final class Arena {
    /// Buffers begin at multiples of this many elements: a cache line.
    static final int ALIGNMENT = 16;

    private final Region region;
    private final DataType type;
    private final List<Buffer> buffers = new ArrayList<>();
    private int length;

    Arena(Region region, DataType type) {
        this.region = region;
        this.type = type;
    }

    public Region region() {
        return region;
    }

    public DataType type() {
        return type;
    }

    /// Number of elements.
    public int length() {
        return length;
    }

    public long bytes() {
        return (long) length * type.bytes();
    }

    public List<Buffer> buffers() {
        return List.copyOf(buffers);
    }

    static long align(long offset) {
        return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    boolean fits(long numbers, long limit) {
        return align(length) + type.elements(numbers) <= limit;
    }

    Buffer allocate(String name, int numbers) {
        int offset = (int) align(length);
        var buffer = new Buffer(name, type, numbers, this, offset);
        buffers.add(buffer);
        length = offset + (int) type.elements(numbers);
        return buffer;
    }

    void reserve(int elements) {
        length = Math.max(length, elements);
    }

    @Override
    public String toString() {
        return region + "(" + type + ")[" + length + "]";
    }
}
