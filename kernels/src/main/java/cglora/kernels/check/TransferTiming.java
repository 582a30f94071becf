package cglora.kernels.check;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import java.util.List;
import java.util.Set;

/// Times how an engine moves a buffer of its own to and from the host, after a copy of known values
/// has come back unchanged.
///
/// @param elements float32 numbers of the buffer
/// @param up       seconds of every write
/// @param down     seconds of every read
public record TransferTiming(int elements, double[] up, double[] down) {
    /// @throws CgloraException A-VERIFY when other values come back than were sent
    public static TransferTiming of(Engine engine, int elements, int repetitions) {
        var layout = new Layout();
        Buffer from = layout.allocate(Region.WEIGHTS, "from", elements);
        Buffer to = layout.allocate(Region.STATE, "to", elements);
        engine.allocate(layout);
        try {
            float[] values = new float[elements];
            for (int i = 0; i < elements; i++) {
                values[i] = i % 65521;
            }
            LoadedProgram program =
                    engine.load(
                            Planner.plan(
                                    "copy", List.of(Bandwidth.copy(from, to)), Set.of(), Set.of()));
            program.run(); // from here on both are on the device
            engine.write(from, values);
            program.run();
            float[] back = engine.read(to);
            for (int i = 0; i < elements; i++) {
                if (back[i] != values[i]) {
                    throw new CgloraException(
                            ErrorCode.A_VERIFY,
                            engine.description(),
                            "element %d came back as %s, expected %s"
                                    .formatted(i, back[i], values[i]),
                            "update the device's driver, or use another device");
                }
            }
            return new TransferTiming(
                    elements,
                    Stopwatch.seconds(() -> engine.write(from, values), repetitions),
                    Stopwatch.seconds(() -> engine.read(to), repetitions));
        } finally {
            engine.release(layout);
        }
    }
}
