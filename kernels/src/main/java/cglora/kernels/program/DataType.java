package cglora.kernels.program;

/// Types of the elements of buffers.
public enum DataType {
    FLOAT32,
    INT32,
    /// Frozen weights, two numbers an `int`, as [cglora.kernels.math.Bfloat16] packs them. Launches
    /// read them as float32: the [Planner] has them widened.
    BFLOAT16;

    /// Bytes of one element of an array: a number, or two.
    public int bytes() {
        return 4;
    }

    /// Elements of an array that hold so many numbers.
    public long elements(long numbers) {
        return this == BFLOAT16 ? (numbers + 1) / 2 : numbers;
    }
}
