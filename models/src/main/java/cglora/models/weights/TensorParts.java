package cglora.models.weights;

/// Gives the elements of tensors part by part.
@FunctionalInterface
public interface TensorParts {
    /// Numbers of a part where nothing asks for fewer: 4 MiB in float32.
    int PART = 1 << 20;

    /// Writes `count` of a tensor's elements, row-major, from the one numbered `first` on, to
    /// `target` from `offset` on.
    void read(String name, int first, int count, float[] target, int offset);
}
