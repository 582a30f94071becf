package cglora.models.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Named tensors of a checkpoint, read as float32 straight to where they are used.
public interface WeightSource extends AutoCloseable {
    Set<String> names();

    /// Extents of a tensor.
    long[] shape(String name);

    /// The file's own name of the element type, `F32`.
    String dtype(String name);

    /// Writes `count` of the tensor's elements, from the one numbered `first` on, widened to
    /// float32, to `target` from `offset` on.
    ///
    /// @throws cglora.kernels.error.CgloraException S-NONFINITE when one of them is NaN or infinite
    void read(String name, int first, int count, float[] target, int offset);

    /// All of the tensor's elements.
    default void read(String name, float[] target, int offset) {
        read(name, 0, size(name), target, offset);
    }

    default float[] read(String name) {
        float[] values = new float[size(name)];
        read(name, values, 0);
        return values;
    }

    private int size(String name) {
        long size = 1;
        for (long extent : shape(name)) {
            size = Math.multiplyExact(size, extent);
        }
        return Math.toIntExact(size);
    }

    /// Whether two tensors hold the same values.
    default boolean equal(String name, String other) {
        return Arrays.equals(shape(name), shape(other)) && Arrays.equals(read(name), read(other));
    }

    /// Bytes of memory that the file takes while tensors are read.
    long readingBytes();

    /// Gives back memory whose contents can be read from the file again.
    default void release() {}

    /// The files that hold the tensors and say which; empty for one in a jar, or where their
    /// contents are not told by them alone.
    default List<Path> files() {
        return List.of();
    }

    /// The file or files, for messages.
    String description();

    @Override
    void close();
}
