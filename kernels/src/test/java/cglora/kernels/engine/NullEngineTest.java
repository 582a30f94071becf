package cglora.kernels.engine;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.program.Arena;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NullEngineTest {
    @Test
    void plansTheBytesThatTheJvmEngineAllocates() throws ReflectiveOperationException {
        for (int seed = 0; seed < 30; seed++) {
            var random = new Random(seed);
            try (var planned = new NullEngine();
                    var real = new JvmEngine(1)) {
                for (int i = 0; i < 3; i++) {
                    var layout = new Layout(500);
                    for (int b = 0; b < 10; b++) {
                        Region region = Region.values()[random.nextInt(4)];
                        layout.allocate(region, "b" + b, 1 + random.nextInt(200));
                    }
                    for (int again = 0; again <= random.nextInt(2); again++) {
                        planned.allocate(layout);
                        real.allocate(layout);
                    }
                    if (random.nextInt(3) == 0) {
                        planned.release(layout);
                        real.release(layout);
                    }
                }
                long inputs = 0;
                for (int i = 0; i < 4; i++) {
                    Program program = program(1 + random.nextInt(100), 1 + random.nextInt(50));
                    planned.load(program);
                    real.load(program).run(); // activations come with the first run
                    inputs += program.inputArenas().stream().mapToLong(Arena::bytes).sum();
                }
                assertThat(planned.plannedBytes())
                        .as("seed %d", seed)
                        .isEqualTo(allocated(real) + inputs)
                        .isEqualTo(real.allocatedBytes());
            }
        }
    }

    /// Many integers and few floats, or the other way round.
    private static Program program(int batch, int hidden) {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, (long) batch * hidden);
        Buffer lengths = Buffer.scratch("lengths", DataType.INT32, batch);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, (long) batch * hidden);
        var launch = Launch.of(PoolingKernels.MASK_ROWS, batch, x, lengths, y, 1, hidden);
        return Planner.plan("mask", List.of(launch), Set.of(x, lengths), Set.of(y));
    }

    private static long allocated(JvmEngine engine) throws ReflectiveOperationException {
        long bytes = 0;
        for (Object array : (List<?>) field(engine, "scratch")) {
            bytes += 4L * ((float[]) array).length;
        }
        for (Object array : ((Map<?, ?>) field(engine, "arrays")).values()) {
            bytes += 4L * ((float[]) array).length;
        }
        return bytes;
    }

    private static Object field(JvmEngine engine, String name) throws ReflectiveOperationException {
        Field field = JvmEngine.class.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(engine);
    }

    @Test
    void runsNothing() {
        try (var engine = new NullEngine()) {
            Program program = program(3, 2);
            LoadedProgram loaded = engine.load(program);
            loaded.run();
            assertThat(loaded.program()).isSameAs(program);
            assertThat(engine.plannedBytes()).isEqualTo(program.scratchBytes());
            assertThat(engine.description()).isEqualTo("null");
            assertThat(engine.parallelism()).isEqualTo(1);
        }
    }
}
