package cglora.kernels.program;

/// Types of the elements of buffers.
public enum DataType {
    FLOAT32,
    INT32;

    /// Bytes of one element.
    public int bytes() {
        return 4;
    }
}
