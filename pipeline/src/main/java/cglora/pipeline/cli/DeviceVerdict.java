package cglora.pipeline.cli;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import java.util.ArrayList;
import java.util.Locale;

/// Whether a device can be used, and what its limits mean for that.
final class DeviceVerdict {
    private static final double GIBIBYTE = 1L << 30;

    /// Work items of the smallest tile of a product on a GPU, 8 × 8.
    private static final int FEWEST_ITEMS = 64;

    private DeviceVerdict() {}

    /// @param picked whether `auto` takes the device
    static String of(DeviceInfo device, DeviceProfile profile, boolean picked) {
        long group = device.maxWorkGroup(); // 0 where it is not told
        boolean isGpu = device.kind() == DeviceKind.GPU;
        if (isGpu && group > 0 && group < FEWEST_ITEMS) {
            return "unusable: work groups of %d, products need %d".formatted(group, FEWEST_ITEMS);
        }
        var limits = new ArrayList<String>();
        if (!isGpu) {
            limits.add("for tests: slower than jvm");
        }
        if (isGpu && group > 0 && group < profile.workGroup()) {
            limits.add("work groups of %d for %d".formatted(group, profile.workGroup()));
        }
        long memory = profile.memoryLimit(device);
        if (device.maxAllocation() > 0 && device.maxAllocation() < memory) {
            limits.add(
                    String.format(
                            Locale.ROOT,
                            "one buffer up to %.1f of %.1f GiB",
                            device.maxAllocation() / GIBIBYTE,
                            memory / GIBIBYTE));
        }
        if (profile.equals(DeviceProfile.generic(device))) {
            limits.add("no profile knows it");
        }
        String ready = picked ? "ready (auto picks this)" : "ready";
        return limits.isEmpty() ? ready : ready + ", " + String.join("; ", limits);
    }
}
