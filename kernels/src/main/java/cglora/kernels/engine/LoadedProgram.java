package cglora.kernels.engine;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Program;

/// A program that is ready to run on its engine.
public interface LoadedProgram {
    Program program();

    /// Sets an input of the program.
    void write(Buffer input, float[] values);

    /// Sets an input of the program.
    void write(Buffer input, int[] values);

    /// Executes all launches in order.
    void run();

    /// Copies an output of the last execution into `target`, which has the buffer's length.
    void read(Buffer output, float[] target);

    /// An output of the last execution.
    default float[] read(Buffer output) {
        float[] values = new float[output.length()];
        read(output, values);
        return values;
    }
}
