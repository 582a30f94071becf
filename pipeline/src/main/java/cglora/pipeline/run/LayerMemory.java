package cglora.pipeline.run;

import cglora.kernels.engine.OpenBlas;
import cglora.models.block.LinearModule;
import cglora.models.training.SketchSizes;

/// What the initialisation of one layer takes at its largest, of all layers that were added.
final class LayerMemory {
    private long bytes;
    private long nativeBytes;

    /// Eigenvectors and gradient in float64, beside them four products of the gradient's size or
    /// both roots in float32, and LAPACK's workspace.
    ///
    /// @param rank   of the roots, 0 for whole ones
    /// @param tokens of the implicit form, 0 for the factored one
    void add(LinearModule module, int rank, long tokens) {
        long in = module.in();
        long out = module.out();
        long bases =
                tokens > 0
                        ? 2 * tokens * tokens + 2 * tokens * (in + out)
                        : in * in + out * out + in * out;
        long products = tokens > 0 ? 2 * tokens * (in + out) : 4 * in * out;
        long roots = Float.BYTES * (in * rootColumns(rank, in) + out * rootColumns(rank, out));
        bytes = Math.max(bytes, Double.BYTES * bases + Math.max(Double.BYTES * products, roots));
        long size = tokens > 0 ? tokens : Math.max(in, out);
        nativeBytes = Math.max(nativeBytes, OpenBlas.dsyevdBytes(Math.toIntExact(size)));
    }

    private static long rootColumns(int rank, long size) {
        return rank == 0 ? size : Math.min(rank, size);
    }

    /// Gradient and sketches are in float64, with a few products of the sketches' size, and both
    /// roots where they are wanted.
    void addSketched(LinearModule module, SketchSizes sizes, boolean whitened) {
        int columns = Math.max(sizes.inputColumns(), sizes.outputColumns());
        long in = module.in();
        long out = module.out();
        long matrices = (sizes.isThin() ? 0 : in * out) + 4 * columns * (in + out);
        long roots = whitened ? in * in + out * out : 0;
        bytes = Math.max(bytes, Double.BYTES * matrices + Float.BYTES * roots);
    }

    /// Of the Java heap.
    long bytes() {
        return bytes;
    }

    /// Of LAPACK.
    long nativeBytes() {
        return nativeBytes;
    }
}
