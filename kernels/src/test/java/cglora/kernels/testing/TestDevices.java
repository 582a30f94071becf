package cglora.kernels.testing;

import cglora.kernels.device.DeviceDiscovery;
import cglora.kernels.device.DeviceInfo;
import java.util.List;

/// The devices of the TornadoVM suite: all that are found, or those whose names match the regular
/// expression in the system property `cglora.test.devices` (`opencl:0:0`).
public final class TestDevices {
    private TestDevices() {}

    public static List<DeviceInfo> all() {
        String wanted = System.getProperty("cglora.test.devices", "");
        return DeviceDiscovery.find().devices().stream()
                .filter(device -> wanted.isEmpty() || device.id().toString().matches(wanted))
                .toList();
    }
}
