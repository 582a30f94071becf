package cglora.kernels.device;

import static java.util.Objects.requireNonNull;

import cglora.kernels.program.Layout;
import java.util.List;

/// One device of TornadoVM, as its driver describes it.
///
/// @param id               backend, platform and device of that platform
/// @param backendIndex     for `TornadoExecutionPlan.getDevice(backendIndex, deviceIndex)`; differs
///     from SDK to SDK
/// @param deviceIndex      in TornadoVM's own order, which is not that of the platforms
/// @param name             of the hardware, as in `NVIDIA L4`
/// @param platform         as in `Portable Computing Language`
/// @param vendor           as the driver spells it; empty where it does not tell
/// @param driver           version; empty where it does not tell
/// @param languageVersion  as in `OpenCL C 1.2`; empty where there is none
/// @param globalMemory     bytes
/// @param maxAllocation    bytes of the largest single buffer
/// @param localMemory      bytes of one work group
/// @param maxWorkGroup     largest number of work items of one work group; 0 where it is not told
/// @param maxWorkItems     largest work group along each dimension
/// @param computeUnits     cores, or what the vendor counts as such
/// @param fp64             arithmetic on `double`
/// @param fp16             arithmetic on half precision
public record DeviceInfo(
        DeviceId id,
        int backendIndex,
        int deviceIndex,
        DeviceKind kind,
        String name,
        String platform,
        String vendor,
        String driver,
        String languageVersion,
        long globalMemory,
        long maxAllocation,
        long localMemory,
        long maxWorkGroup,
        List<Long> maxWorkItems,
        int computeUnits,
        Support fp64,
        Support fp16) {
    /// A buffer of TornadoVM begins with the Java array's header, which is no longer than this.
    private static final int ARRAY_HEADER = 64;

    public DeviceInfo {
        requireNonNull(kind, "kind");
        requireNonNull(fp64, "fp64");
        requireNonNull(fp16, "fp16");
        maxWorkItems = List.copyOf(maxWorkItems);
    }

    /// A layout whose arenas are each one buffer of this device.
    public Layout layout() {
        return maxAllocation <= 0
                ? new Layout()
                : new Layout(
                        Math.min(
                                Layout.DEFAULT_LIMIT,
                                (maxAllocation - ARRAY_HEADER) / Float.BYTES));
    }

    @Override
    public String toString() {
        return id + " " + name + " (" + platform + ")";
    }
}
