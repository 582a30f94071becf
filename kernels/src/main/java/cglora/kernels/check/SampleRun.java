package cglora.kernels.check;

import cglora.kernels.Kernel.Operand;
import cglora.kernels.Kernel.Role;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Planner;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A sample as a program of one launch.
public final class SampleRun {
    private SampleRun() {}

    /// Runs the sample.
    ///
    /// @return the operands that the kernel writes, in the order of `sample.expected()`
    public static List<float[]> on(Engine engine, KernelSample sample) {
        var buffers = new ArrayList<Buffer>();
        var outputs = new LinkedHashSet<Buffer>();
        for (int i = 0; i < sample.operands().size(); i++) {
            Operand operand = sample.kernel().operands().get(i);
            Buffer buffer = buffer(operand, sample.operands().get(i));
            buffers.add(buffer);
            if (operand.role() != Role.READ) {
                outputs.add(buffer);
            }
        }
        var launch =
                new Launch(
                        sample.kernel(),
                        sample.count(),
                        sample.grain(),
                        buffers,
                        sample.packed(),
                        sample.scalars(),
                        0);
        LoadedProgram program =
                engine.load(Planner.plan("sample", List.of(launch), Set.copyOf(buffers), outputs));
        for (int i = 0; i < buffers.size(); i++) {
            Object values = sample.operands().get(i);
            if (values instanceof float[] floats) {
                program.write(buffers.get(i), floats);
            } else {
                program.write(buffers.get(i), (int[]) values);
            }
        }
        program.run();
        return outputs.stream().map(program::read).toList();
    }

    private static Buffer buffer(Operand operand, Object values) {
        return values instanceof float[] floats
                ? Buffer.scratch(operand.name(), DataType.FLOAT32, floats.length)
                : Buffer.scratch(operand.name(), DataType.INT32, ((int[]) values).length);
    }
}
