package cglora.kernels.check;

import cglora.kernels.Kernel.Operand;
import cglora.kernels.Kernel.Role;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A sample as a program of one launch: what it reads are inputs, what it writes or changes stays
/// with the engine, as statistics do.
public final class SampleRun {
    /// What one launch writes lies in different arenas.
    private static final List<Region> REGIONS =
            List.of(Region.PARAMETERS, Region.STATE, Region.SECOND_MOMENTS, Region.GRADIENTS);

    private SampleRun() {}

    /// Runs the sample.
    ///
    /// @return the operands that the kernel writes, in the order of `sample.expected()`
    public static List<float[]> on(Engine engine, KernelSample sample) {
        var layout = new Layout();
        var buffers = new ArrayList<Buffer>();
        var inputs = new LinkedHashSet<Buffer>();
        var results = new ArrayList<Buffer>();
        for (int i = 0; i < sample.operands().size(); i++) {
            Operand operand = sample.kernel().operands().get(i);
            Region region = REGIONS.get(results.size());
            Buffer buffer = buffer(operand, length(sample.operands().get(i)), layout, region);
            buffers.add(buffer);
            switch (operand.role()) {
                case READ -> inputs.add(buffer);
                case WRITE, UPDATE -> results.add(buffer);
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
        engine.allocate(layout);
        try {
            for (int i = 0; i < buffers.size(); i++) {
                if (buffers.get(i).isPersistent()) {
                    engine.write(buffers.get(i), (float[]) sample.operands().get(i));
                }
            }
            LoadedProgram program =
                    engine.load(Planner.plan("sample", List.of(launch), inputs, Set.of()));
            for (int i = 0; i < buffers.size(); i++) {
                if (inputs.contains(buffers.get(i))) {
                    write(program, buffers.get(i), sample.operands().get(i));
                }
            }
            program.run();
            return results.stream().map(engine::read).toList();
        } finally {
            engine.release(layout);
        }
    }

    private static Buffer buffer(Operand operand, int length, Layout layout, Region region) {
        if (operand.role() != Role.READ) {
            return layout.allocate(region, operand.name(), length);
        }
        return Buffer.scratch(
                operand.name(), operand.isInt() ? DataType.INT32 : DataType.FLOAT32, length);
    }

    private static int length(Object array) {
        return array instanceof float[] floats ? floats.length : ((int[]) array).length;
    }

    private static void write(LoadedProgram program, Buffer input, Object array) {
        if (array instanceof float[] floats) {
            program.write(input, floats);
        } else {
            program.write(input, (int[]) array);
        }
    }
}
