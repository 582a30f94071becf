package cglora.kernels.tornado;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.reduction.ReductionKernels;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;

/// What TornadoVM's profiler tells of a graph that takes an array up, copies it on the device and
/// takes the copy down.
///
/// @param up      seconds of every transfer to the device, by the driver's events
/// @param down    seconds of every transfer from it
/// @param compile seconds in which TornadoVM and the driver compiled the kernel
public record DeviceTransfers(double[] up, double[] down, double compile) {
    private static final double NANO = 1e-9;

    /// @param elements float32 numbers of the array
    public static DeviceTransfers of(DeviceInfo info, int elements, int repetitions) {
        float[] from = new float[elements];
        float[] to = new float[elements];
        int[] at = {0, 0};
        var graph = new TaskGraph("transfers");
        graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, from);
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, at);
        TaskBinding.add(
                graph, "copy", ReductionKernels.COPY_INTO.handle(), 0, elements, from, to, at, 0);
        graph.transferToHost(DataTransferMode.EVERY_EXECUTION, to);
        ImmutableTaskGraph fixed = graph.snapshot();
        try (var plan = new TornadoExecutionPlan(fixed)) {
            plan.withDevice(TornadoExecutionPlan.getDevice(info.backendIndex(), info.deviceIndex()))
                    .withProfiler(ProfilerMode.SILENT);
            TornadoProfilerResult first = plan.execute().getProfilerResult();
            double compile = NANO * (first.getTornadoCompilerTime() + first.getDriverInstallTime());
            plan.execute();
            double[] up = new double[repetitions];
            double[] down = new double[repetitions];
            for (int i = 0; i < repetitions; i++) {
                TornadoProfilerResult result = plan.execute().getProfilerResult();
                up[i] = NANO * result.getDeviceWriteTime();
                down[i] = NANO * result.getDeviceReadTime();
            }
            return new DeviceTransfers(up, down, compile);
        } catch (Exception e) {
            throw DeviceFailure.of(info.toString(), "copyInto", e);
        }
    }
}
