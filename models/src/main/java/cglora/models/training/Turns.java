package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import java.util.function.Consumer;
import java.util.function.Function;

/// An engine serves one thread at a time, and the starts of several layers are computed at once:
/// whoever reads, writes or releases meanwhile holds the engine's monitor.
final class Turns {
    private Turns() {}

    static Function<Buffer, float[]> reading(Engine engine) {
        return buffer -> {
            synchronized (engine) {
                return engine.read(buffer);
            }
        };
    }

    static Consumer<Layout> releasing(Engine engine) {
        return layout -> {
            synchronized (engine) {
                engine.release(layout);
            }
        };
    }
}
