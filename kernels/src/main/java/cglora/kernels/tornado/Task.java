package cglora.kernels.tornado;

import cglora.kernels.Kernel.Role;
import cglora.kernels.program.Arena;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Program;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// A launch with the arrays that its buffers lie in.
///
/// @param method    the kernel's own, or that of a [DeviceVariant]
/// @param operands  the arrays that hold buffers
/// @param at        offsets and dimensions, which are no constants of the code
/// @param constants scalars and sizes, which are
/// @param isVariant whether the method is that of a variant
/// @param grid      the work sizes; TornadoVM chooses where there are none
record Task(
        Launch launch,
        MethodHandle method,
        List<Object> operands,
        int[] at,
        List<Object> constants,
        boolean isVariant,
        Optional<Grid> grid) {

    /// What tasks have in common that differ in offsets and dimensions alone: the same code does
    /// them all.
    ///
    /// @param operands numbers of the arrays
    /// @param entries  of the table of offsets
    record Kind(
            MethodHandle method,
            int count,
            List<Integer> operands,
            int entries,
            List<Object> constants,
            Optional<Grid> grid) {}

    static Task of(
            Launch launch,
            Program program,
            Function<Arena, Object> arrays,
            Optional<DeviceVariant> variant,
            Optional<Grid> grid) {
        int count = launch.buffers().size();
        int[] at = new int[count + launch.packed().size()];
        var operands = new ArrayList<Object>();
        for (int k = 0; k < count; k++) {
            Program.Place place = program.place(launch.buffers().get(k));
            operands.add(arrays.apply(place.arena()));
            at[k] = place.offset();
        }
        for (int k = 0; k < launch.packed().size(); k++) {
            at[count + k] = launch.packed().get(k);
        }
        checkWriters(launch, operands);
        var constants = new ArrayList<>(launch.scalars());
        variant.ifPresent(v -> constants.addAll(v.sizes()));
        return new Task(
                launch,
                variant.map(DeviceVariant::handle).orElse(launch.kernel().handle()),
                List.copyOf(operands),
                at,
                List.copyOf(constants),
                variant.isPresent(),
                grid);
    }

    /// TornadoVM's scheduler waits for ever for a task that writes an array and takes it again as
    /// a later argument.
    private static void checkWriters(Launch launch, List<Object> operands) {
        for (int k = 0; k < operands.size(); k++) {
            var operand = launch.kernel().operands().get(k);
            if (operand.role() == Role.READ) {
                continue;
            }
            for (int later = k + 1; later < operands.size(); later++) {
                if (operands.get(later) == operands.get(k)) {
                    throw new IllegalArgumentException(
                            "%s: %s is written and lies in the same arena as %s behind it"
                                    .formatted(
                                            launch,
                                            operand.name(),
                                            launch.kernel().operands().get(later).name()));
                }
            }
        }
    }

    /// @param numbers of arrays, another one each
    Kind kind(ToIntFunction<Object> numbers) {
        return new Kind(
                method,
                launch.count(),
                operands.stream().map(numbers::applyAsInt).toList(),
                at.length,
                constants,
                grid);
    }

    /// Arguments of the method.
    int arguments() {
        return 2 + operands.size() + 2 + constants.size();
    }

    /// Adds a task whose offsets and dimensions stay as they are.
    void addTo(TaskGraph graph, String id) {
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
        addTo(graph, id, at);
    }

    /// Adds a task with the offsets and dimensions of a table. No two tasks have one in common: the
    /// number of its first entry there would make every task's source another one, and drivers keep
    /// what they compiled by its source.
    void addTo(TaskGraph graph, String id, int[] table) {
        var arguments = new ArrayList<Object>();
        arguments.add(isVariant ? new KernelContext() : Integer.valueOf(0));
        arguments.add(launch.count());
        arguments.addAll(operands);
        arguments.add(table);
        arguments.add(0);
        arguments.addAll(constants);
        TaskBinding.add(graph, id, method, arguments.toArray());
    }

    /// @param name of the task, with its graph's
    void schedule(GridScheduler grids, String name) {
        grid.ifPresent(
                sizes -> {
                    var worker = new WorkerGrid2D(sizes.globalX(), sizes.globalY());
                    worker.setLocalWork(sizes.localX(), sizes.localY(), 1);
                    grids.addWorkerGrid(name, worker);
                });
    }
}
