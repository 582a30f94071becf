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
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// A launch with the arrays that its buffers lie in.
///
/// @param method    the kernel's own, or that of a [DeviceVariant]
/// @param arguments of the method
/// @param operands  the arrays among the arguments that hold buffers
/// @param at        the table of offsets and dimensions, one of the arguments. Each task has its
///     own: the number of a task's first entry in a common table would make every task's source
///     another one, and drivers keep what they compiled by its source
/// @param grid      the work sizes; TornadoVM chooses where there are none
record Task(
        Launch launch,
        MethodHandle method,
        Object[] arguments,
        List<Object> operands,
        int[] at,
        Optional<Grid> grid) {
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
        var arguments = new ArrayList<Object>();
        arguments.add(variant.isPresent() ? new KernelContext() : Integer.valueOf(0));
        arguments.add(launch.count());
        arguments.addAll(operands);
        arguments.add(at);
        arguments.add(0);
        arguments.addAll(launch.scalars());
        variant.ifPresent(v -> arguments.addAll(v.sizes()));
        return new Task(
                launch,
                variant.map(DeviceVariant::handle).orElse(launch.kernel().handle()),
                arguments.toArray(),
                List.copyOf(operands),
                at,
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

    void addTo(TaskGraph graph, String id) {
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
        TaskBinding.add(graph, id, method, arguments);
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
