package cglora.kernels.check;

import cglora.kernels.Kernel;
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
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/// Times one launch as a program of its own, with the sizes it has in the program it comes from and
/// operands made up for it. The first execution is compared with the kernel's own Java method on
/// this processor: a launch that is wrong has no time.
///
/// @param seconds of every timed execution; empty where the launch failed
/// @param failure what is wrong, in words; empty when the results agree
public record LaunchTiming(Launch launch, double[] seconds, String failure) {
    /// The values of operands that are integers: indices and lengths, which must fit the shapes.
    @FunctionalInterface
    public interface Integers {
        /// @param operand the operand's name in the kernel's method
        int at(String operand, int index);
    }

    /// What one launch writes lies in different arenas.
    private static final List<Region> REGIONS =
            List.of(Region.PARAMETERS, Region.STATE, Region.SECOND_MOMENTS, Region.GRADIENTS);

    /// A result may be off by this part of the operand's largest element.
    private static final double TOLERANCE = 1e-3;

    /// Runs the launch, compares, and times it. An engine that throws has failed.
    ///
    /// @param engines makes the engine that runs it
    public static LaunchTiming of(
            Supplier<Engine> engines, Launch launch, Integers integers, int repetitions) {
        List<Object> operands = operands(launch, integers);
        try (Engine engine = engines.get()) {
            return on(engine, launch, operands, repetitions);
        } catch (RuntimeException | LinkageError e) {
            return failed(launch, "did not run: " + e);
        }
    }

    private static LaunchTiming failed(Launch launch, String failure) {
        return new LaunchTiming(launch, new double[0], failure);
    }

    private static LaunchTiming on(
            Engine engine, Launch shape, List<Object> operands, int repetitions) {
        var layout = new Layout();
        var buffers = new ArrayList<Buffer>();
        var inputs = new LinkedHashSet<Buffer>();
        int written = 0;
        for (int i = 0; i < operands.size(); i++) {
            Operand operand = shape.kernel().operands().get(i);
            int length = shape.buffers().get(i).length();
            if (operand.isInt()) {
                buffers.add(Buffer.scratch(operand.name(), DataType.INT32, length));
                inputs.add(buffers.getLast());
            } else {
                Region region =
                        operand.role() == Role.READ ? Region.WEIGHTS : REGIONS.get(written++);
                buffers.add(layout.allocate(region, operand.name(), length));
            }
        }
        var launch =
                new Launch(
                        shape.kernel(),
                        shape.count(),
                        shape.grain(),
                        buffers,
                        shape.packed(),
                        shape.scalars(),
                        shape.operations());
        engine.allocate(layout);
        try {
            LoadedProgram program =
                    engine.load(Planner.plan("launch", List.of(launch), inputs, Set.of()));
            for (int i = 0; i < buffers.size(); i++) {
                if (operands.get(i) instanceof float[] floats) {
                    engine.write(buffers.get(i), floats);
                } else {
                    program.write(buffers.get(i), (int[]) operands.get(i));
                }
            }
            program.run();
            reference(launch, operands);
            String failure = compare(engine, launch, operands);
            return failure.isEmpty()
                    ? new LaunchTiming(shape, Stopwatch.seconds(program::run, repetitions), "")
                    : failed(shape, failure);
        } finally {
            engine.release(layout);
        }
    }

    private static List<Object> operands(Launch launch, Integers integers) {
        var random = new SplittableRandom(1);
        var operands = new ArrayList<Object>();
        for (int i = 0; i < launch.buffers().size(); i++) {
            Operand operand = launch.kernel().operands().get(i);
            int length = launch.buffers().get(i).length();
            if (operand.isInt()) {
                int[] values = new int[length];
                Arrays.setAll(values, index -> integers.at(operand.name(), index));
                operands.add(values);
            } else {
                // Positive, since some are variances and sums of squares.
                float[] values = new float[length];
                for (int k = 0; k < length; k++) {
                    values[k] = (float) random.nextDouble(0.1, 1);
                }
                operands.add(values);
            }
        }
        return operands;
    }

    /// Runs the kernel's method over the arrays.
    private static void reference(Launch launch, List<Object> operands) {
        var arguments = new ArrayList<Object>(List.of(0, launch.count()));
        arguments.addAll(operands);
        int[] at = new int[operands.size() + launch.packed().size()];
        for (int k = 0; k < launch.packed().size(); k++) {
            at[operands.size() + k] = launch.packed().get(k);
        }
        arguments.add(at);
        arguments.add(0);
        arguments.addAll(launch.scalars());
        try {
            launch.kernel().handle().invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // kernels declare no exception
        }
    }

    private static String compare(Engine engine, Launch launch, List<Object> expected) {
        Kernel kernel = launch.kernel();
        for (int i = 0; i < expected.size(); i++) {
            if (kernel.operands().get(i).role() != Role.READ) {
                String name = kernel.operands().get(i).name();
                String failure =
                        difference(engine.read(launch.buffers().get(i)), (float[]) expected.get(i));
                if (!failure.isEmpty()) {
                    return name + " of " + launch + ": " + failure;
                }
            }
        }
        return "";
    }

    /// The first element that is too far off; empty where none is.
    static String difference(float[] found, float[] expected) {
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE * largest)) {
                return "element %d is %s, expected %s".formatted(i, found[i], expected[i]);
            }
        }
        return "";
    }

    /// Bytes that the launch reads and writes at least: every operand once, what is updated twice;
    /// of a table no more rows than there are indices to it.
    public static long bytes(Launch launch) {
        List<Operand> operands = launch.kernel().operands();
        boolean gathers = operands.stream().anyMatch(Operand::isInt);
        long largestResult = 0;
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i).role() == Role.WRITE) {
                largestResult = Math.max(largestResult, launch.buffers().get(i).length());
            }
        }
        long elements = 0;
        for (int i = 0; i < operands.size(); i++) {
            long length = launch.buffers().get(i).length();
            elements +=
                    switch (operands.get(i).role()) {
                        case READ ->
                                gathers && largestResult > 0
                                        ? Math.min(length, largestResult)
                                        : length;
                        case WRITE -> length;
                        case UPDATE -> 2 * length;
                    };
        }
        return 4 * elements;
    }
}
