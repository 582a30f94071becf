package cglora.kernels.tornado;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import java.util.List;

/// All [DeviceVariant]s.
public final class DeviceVariants {
    private DeviceVariants() {}

    /// The variants for devices of a kind, in the order of preference: of those for a kernel, the
    /// first one that fits a launch runs it. Where none fits, the kernel's own method does.
    public static List<DeviceVariant> of(DeviceKind kind) {
        return switch (kind) {
            case CPU -> CpuVariants.ALL;
            case GPU -> GpuVariants.of(GpuSizes.USUAL);
        };
    }

    /// The variants of the profile's kind, in its sizes as far as the device's limits allow them.
    public static List<DeviceVariant> of(DeviceProfile profile, DeviceInfo device) {
        return switch (profile.kind()) {
            case CPU -> CpuVariants.ALL;
            case GPU -> GpuVariants.of(GpuSizes.of(profile, device));
        };
    }
}
