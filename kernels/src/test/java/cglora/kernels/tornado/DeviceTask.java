package cglora.kernels.tornado;

import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// One launch of one method on a device, by TornadoVM's API and nothing of the engine's.
final class DeviceTask {
    private DeviceTask() {}

    /// Whether this Java machine was started with TornadoVM.
    static boolean isPossible() {
        return System.getProperty("tornado.load.api.implementation") != null;
    }

    /// All devices of all backends.
    static List<TornadoDevice> devices() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        var devices = new ArrayList<TornadoDevice>();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            for (int d = 0; d < backend.getNumDevices(); d++) {
                devices.add(backend.getDevice(d));
            }
        }
        return devices;
    }

    /// Runs a method once.
    ///
    /// @param first     what the method's first argument is: 0, or a [KernelContext]
    /// @param arguments the others
    /// @param grid      work sizes, where TornadoVM does not choose them
    static void run(
            TornadoDevice device,
            MethodHandle method,
            Object first,
            List<Object> arguments,
            Optional<Grid> grid) {
        Set<Object> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        arguments.stream()
                .filter(a -> a instanceof float[] || a instanceof int[])
                .forEach(arrays::add);
        var all = new ArrayList<Object>();
        all.add(first);
        all.addAll(arguments);
        var graph = new TaskGraph("test");
        graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays.toArray());
        TaskBinding.add(graph, "task", method, all.toArray());
        Object[] floats = arrays.stream().filter(a -> a instanceof float[]).toArray();
        graph.transferToHost(DataTransferMode.UNDER_DEMAND, floats);
        try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withDevice(device).withProfiler(ProfilerMode.SILENT);
            if (grid.isPresent()) {
                Grid sizes = grid.get();
                var worker = new WorkerGrid2D(sizes.globalX(), sizes.globalY());
                worker.setLocalWork(sizes.localX(), sizes.localY(), 1);
                plan.withGridScheduler(new GridScheduler("test.task", worker));
            }
            var result = plan.execute();
            result.transferToHost(floats);
            if (!result.getProfilerResult().getProfileLog().contains("DEVICE_ID")) {
                throw new AssertionError(method + " has not run on " + device);
            }
        } catch (Exception e) {
            throw new AssertionError(method + " on " + device.getPlatformName(), e);
        }
    }
}
