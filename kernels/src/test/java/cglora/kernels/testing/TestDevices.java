package cglora.kernels.testing;

import cglora.kernels.device.DeviceDiscovery;
import cglora.kernels.device.DeviceInfo;
import java.util.List;

/// The devices of the TornadoVM suite: all that are found, or those whose names match the regular
/// expression in the system property `cglora.test.devices` (`opencl:0:0`).
public final class TestDevices {
    private TestDevices() {}

    /// @throws IllegalStateException where there is none: a suite that ran on nothing has not
    /// passed
    public static List<DeviceInfo> all() {
        String wanted = System.getProperty("cglora.test.devices", "");
        var found = DeviceDiscovery.find();
        List<DeviceInfo> devices =
                found.devices().stream()
                        .filter(
                                device ->
                                        wanted.isEmpty() || device.id().toString().matches(wanted))
                        .toList();
        if (devices.isEmpty()) {
            throw new IllegalStateException(
                    "TornadoVM has no device that matches '%s': found %s, %s"
                            .formatted(wanted, found.devices(), found.failures()));
        }
        return devices;
    }
}
