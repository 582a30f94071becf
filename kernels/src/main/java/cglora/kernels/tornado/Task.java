package cglora.kernels.tornado;

import cglora.kernels.program.Arena;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// A launch with the arrays that its buffers lie in.
///
/// @param arguments of the kernel's method
/// @param at        the table of offsets and dimensions, one of the arguments. Each task has its
///     own: the number of a task's first entry in a common table would make every task's source
///     another one, and drivers keep what they compiled by its source
record Task(Launch launch, Object[] arguments, int[] at) {
    static Task of(Launch launch, Program program, Function<Arena, Object> arrays) {
        int operands = launch.buffers().size();
        int[] at = new int[operands + launch.packed().size()];
        var arguments = new ArrayList<Object>();
        arguments.add(0);
        arguments.add(launch.count());
        for (int k = 0; k < operands; k++) {
            Program.Place place = program.place(launch.buffers().get(k));
            arguments.add(arrays.apply(place.arena()));
            at[k] = place.offset();
        }
        for (int k = 0; k < launch.packed().size(); k++) {
            at[operands + k] = launch.packed().get(k);
        }
        arguments.add(at);
        arguments.add(0);
        arguments.addAll(launch.scalars());
        return new Task(launch, arguments.toArray(), at);
    }

    /// The arrays of its operands.
    List<Object> arrays() {
        return Arrays.stream(arguments)
                .filter(argument -> argument.getClass().isArray() && argument != at)
                .toList();
    }

    void addTo(TaskGraph graph, String id) {
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
        TaskBinding.add(graph, id, launch.kernel().handle(), arguments);
    }
}
