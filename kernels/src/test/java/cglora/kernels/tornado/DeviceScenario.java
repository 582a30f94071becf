package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.device.DeviceDiscovery;
import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.NativeOutput;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import cglora.kernels.reduction.ReductionKernels;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// A main class for tests: does one thing on a device, and ends as the command line would.
/// Arguments: the scenario and the device.
public final class DeviceScenario {
    private static final int MIB = 1 << 20;

    private DeviceScenario() {}

    public static void main(String[] arguments) {
        NativeOutput.divert()
                .ifPresent(
                        out -> System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8)));
        try {
            DeviceInfo device =
                    DeviceDiscovery.find().device(DeviceId.parse(arguments[1])).orElseThrow();
            switch (arguments[0]) {
                case "untranslated" -> run(device, BrokenKernels.UNTRANSLATED);
                case "no task" -> run(device, BrokenKernels.NO_TASK);
                case "refused" -> run(device, BrokenKernels.REFUSED);
                case "crashing" -> run(device, BrokenKernels.CRASHING);
                case "engines" -> engines(device);
                case "overflow" -> overflow(device);
                case "too much local memory" -> tooMuchLocalMemory(device);
                case "steps" -> steps(device);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        } catch (CgloraException e) {
            System.err.println(e.getMessage());
            System.exit(e.exitStatus());
        }
    }

    private static TornadoEngine engine(DeviceInfo device) {
        return new TornadoEngine(device, DeviceProfile.generic(device));
    }

    private static void run(DeviceInfo device, Kernel kernel) {
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, 8);
        Buffer y = Buffer.scratch("y", DataType.FLOAT32, 8);
        try (TornadoEngine engine = engine(device)) {
            LoadedProgram program =
                    engine.load(
                            Planner.plan(
                                    "floor",
                                    List.of(Launch.of(kernel, 8, x, y)),
                                    Set.of(x),
                                    Set.of(y)));
            program.write(x, new float[8]);
            program.run();
            System.out.println("ran " + Arrays.toString(program.read(y)));
        }
    }

    /// `sum += x` over the start of an array of `mebibytes`; `x` has up to 8 of them.
    private static float add(TornadoEngine engine, int mebibytes) {
        var layout = new Layout();
        Buffer sum = layout.allocate(Region.STATE, "sum", (long) mebibytes * MIB / Float.BYTES);
        int length = Math.min(2 * MIB, sum.length());
        Buffer start = sum.view("start", 0, length);
        engine.allocate(layout);
        Buffer x = Buffer.scratch("x", DataType.FLOAT32, length);
        LoadedProgram program =
                engine.load(
                        Planner.plan(
                                "adding",
                                List.of(Launch.of(ReductionKernels.ADD_INTO, length, x, start, 1f)),
                                Set.of(x),
                                Set.of()));
        float[] ones = new float[length];
        Arrays.fill(ones, 1f);
        program.write(x, ones);
        program.run();
        program.run();
        return engine.read(start)[7];
    }

    /// Engines after one another, each with more than half of what TornadoVM may take, inputs and
    /// what is read back among it.
    private static void engines(DeviceInfo device) {
        for (int i = 0; i < 4; i++) {
            try (TornadoEngine engine = engine(device)) {
                System.out.println("engine " + i + " sum " + add(engine, 40));
            }
        }
    }

    /// A launch that the driver refuses, of which TornadoVM throws nothing.
    private static void tooMuchLocalMemory(DeviceInfo device) {
        var variant =
                DeviceVariant.of(
                        ReductionKernels.ADD_INTO,
                        device.kind(),
                        BrokenKernels.class,
                        List.of(),
                        _ -> true,
                        _ -> new Grid(8, 1, 8, 1));
        try (var engine =
                new TornadoEngine(device, DeviceProfile.generic(device), List.of(variant))) {
            System.out.println("ran, sum " + add(engine, 1));
        }
    }

    /// More than TornadoVM may take, though the device has it.
    private static void overflow(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            add(engine, 80);
        }
    }

    /// Five executions, and what the engine counted for the last four.
    private static void steps(DeviceInfo device) {
        try (TornadoEngine engine = engine(device)) {
            var layout = new Layout();
            Buffer sum = layout.allocate(Region.STATE, "sum", 4096);
            engine.allocate(layout);
            Buffer x = Buffer.scratch("x", DataType.FLOAT32, 4096);
            Buffer y = Buffer.scratch("y", DataType.FLOAT32, 1024);
            var launch = Launch.of(ReductionKernels.ADD_INTO, 4096, x, sum, 1f);
            var scale =
                    Launch.of(ReductionKernels.SCALE_INTO, 1024, sum.view("part", 0, 1024), y, 2f);
            LoadedProgram program =
                    engine.load(
                            Planner.plan("steps", List.of(launch, scale), Set.of(x), Set.of(y)));
            program.write(x, new float[4096]);
            program.run();
            for (int i = 0; i < 4; i++) {
                long up = engine.statistics().bytesUp();
                long down = engine.statistics().bytesDown();
                program.run();
                System.out.printf(
                        "step up %d down %d%n",
                        engine.statistics().bytesUp() - up, engine.statistics().bytesDown() - down);
            }
        }
    }
}
