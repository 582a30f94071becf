package cglora.kernels.check;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.reduction.ReductionKernels;

/// The launches by which a device's memory is measured.
public final class Bandwidth {
    private Bandwidth() {}

    /// `y = x`: 8 bytes an element.
    public static Launch copy(int elements) {
        return copy(buffer("x", elements), buffer("y", elements));
    }

    static Launch copy(Buffer x, Buffer y) {
        return Launch.of(ReductionKernels.COPY_INTO, x.length(), x, y);
    }

    /// `y = y + s x`: 12 bytes and 2 operations an element.
    public static Launch add(int elements) {
        Buffer y = buffer("y", elements);
        return Launch.of(ReductionKernels.ADD_INTO, elements, buffer("x", elements), y, 1e-6f);
    }

    private static Buffer buffer(String name, int elements) {
        return Buffer.scratch(name, DataType.FLOAT32, elements);
    }
}
