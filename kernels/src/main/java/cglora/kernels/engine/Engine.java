package cglora.kernels.engine;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;

/// Executes programs. The persistent buffers of a [Layout] keep their contents between
/// executions and are seen by all programs over that layout; scratch buffers hold their contents
/// until the next execution of any program.
///
/// An engine belongs to one thread.
public interface Engine extends AutoCloseable {
    /// Fills an array of the engine from the outside.
    @FunctionalInterface
    interface Filler {
        /// Writes the buffer's elements to `target`, the first of them at `offset`.
        void fill(float[] target, int offset);
    }

    /// Fills an array of the engine from the outside, part by part.
    @FunctionalInterface
    interface PartFiller {
        /// Writes `count` of the buffer's elements, from the one numbered `first` on, to `target`
        /// from `offset` on.
        void fill(int first, int count, float[] target, int offset);
    }

    /// What people call it: `jvm`, and what it runs on.
    String description();

    /// Number of threads or devices that share a launch.
    int parallelism();

    /// Whether the first execution of a program takes seconds, as compilation for a device does:
    /// few shapes of programs serve better then than tight ones.
    default boolean compiles() {
        return false;
    }

    /// A new layout for this engine: no arena is larger than the engine can hold in one piece.
    default Layout layout() {
        return new Layout();
    }

    /// Allocates the persistent buffers, all zero.
    void allocate(Layout layout);

    /// Gives back the persistent buffers of a layout; programs over it can no longer run.
    void release(Layout layout);

    /// Makes a program ready to run. Its layout must have been allocated.
    LoadedProgram load(Program program);

    /// Takes the memory for a program's activations. Of programs that differ in size, the largest
    /// is
    /// best announced before the others run: an engine that keeps memory for good would keep that
    /// of each.
    default void reserve(Program program) {}

    /// Gives back what programs take for their activations until one of them runs again; outputs
    /// that have not been read are lost.
    default void trim() {}

    /// Sets a persistent buffer.
    void fill(Buffer buffer, Filler filler);

    /// Sets a persistent buffer. Where it is kept in fewer bits its numbers come part by part, so
    /// that all of them are never there in float32.
    default void fillByParts(Buffer buffer, PartFiller filler) {
        fill(buffer, (target, offset) -> filler.fill(0, buffer.length(), target, offset));
    }

    /// Sets a persistent buffer from an array of its length.
    default void write(Buffer buffer, float[] values) {
        if (values.length != buffer.length()) {
            throw new IllegalArgumentException(buffer + " given " + values.length + " values");
        }
        fill(
                buffer,
                (target, offset) -> System.arraycopy(values, 0, target, offset, values.length));
    }

    /// The contents of a persistent buffer.
    float[] read(Buffer buffer);

    /// Copies `count` elements of a persistent buffer, from the one numbered `first` on, to
    /// `target` from `offset` on.
    default void read(Buffer buffer, int first, int count, float[] target, int offset) {
        System.arraycopy(read(buffer), first, target, offset, count);
    }

    @Override
    void close();
}
