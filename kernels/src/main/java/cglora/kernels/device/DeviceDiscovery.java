package cglora.kernels.device;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// Finds the devices of all backends of the running TornadoVM.
public final class DeviceDiscovery {
    /// TornadoVM's own name of a device ends with the platform and the device of that platform.
    private static final Pattern PLACE = Pattern.compile("(\\d+)-(\\d+)$");

    private static final String INLINING = "tornado.compiler.fullInlining";

    private static final Comparator<DeviceInfo> ORDER =
            Comparator.comparingInt(DeviceInfo::backendIndex)
                    .thenComparingInt(device -> device.id().platform())
                    .thenComparingInt(device -> device.id().device());

    /// What was found, and what was not.
    ///
    /// @param devices  by backend, platform and device
    /// @param failures one line for each backend that could not be asked
    public record Found(List<DeviceInfo> devices, List<String> failures) {
        public Found {
            devices = devices.stream().sorted(ORDER).toList();
            failures = List.copyOf(failures);
        }

        /// The device that a person means, if it is there.
        public Optional<DeviceInfo> device(DeviceId asked) {
            List<DeviceInfo> all =
                    devices.stream().filter(d -> d.id().backend().equals(asked.backend())).toList();
            if (asked.platform() == DeviceId.ANY_PLATFORM) {
                return asked.device() < all.size()
                        ? Optional.of(all.get(asked.device()))
                        : Optional.empty();
            }
            return all.stream().filter(d -> d.id().equals(asked)).findFirst();
        }
    }

    private DeviceDiscovery() {}

    /// Asks every backend. Drivers that are missing or broken are told, not thrown: without any
    /// driver TornadoVM dies in a static initialiser.
    ///
    /// @throws cglora.kernels.error.CgloraException V-ENGINE outside of TornadoVM
    public static Found find() {
        TornadoStatus.require();
        // kernels share bodies that are longer than what is inlined otherwise; read once, at first
        System.setProperty(INLINING, "True");
        var devices = new ArrayList<DeviceInfo>();
        var failures = new ArrayList<String>();
        try {
            TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
            for (int b = 0; b < runtime.getNumBackends(); b++) {
                addDevices(runtime, b, devices, failures);
            }
        } catch (Exception | LinkageError e) {
            failures.add("TornadoVM finds no driver: " + TornadoMessage.of(TornadoMessage.root(e)));
        }
        return new Found(devices, failures);
    }

    private static void addDevices(
            TornadoRuntime runtime, int b, List<DeviceInfo> devices, List<String> failures) {
        var name = "backend " + b;
        try {
            TornadoBackend backend = runtime.getBackend(b);
            name = backend.getName();
            for (int d = 0; d < backend.getNumDevices(); d++) {
                devices.add(describe(backend.getDevice(d), b, d));
            }
        } catch (Exception | LinkageError e) {
            failures.add(name + ": " + TornadoMessage.of(TornadoMessage.root(e)));
        }
    }

    private static DeviceInfo describe(TornadoDevice device, int b, int d) {
        TornadoTargetDevice hardware = device.getPhysicalDevice();
        // The name of the constant, not the constant: the constants differ between versions.
        String backend = device.getTornadoVMBackend().name().toLowerCase(Locale.ROOT);
        String text = String.valueOf(device.getDeviceInfo());
        String vendor = DeviceText.vendor(text);
        return new DeviceInfo(
                id(backend, String.valueOf(device.getDeviceName()), d),
                b,
                d,
                device.getDeviceType() == TornadoDeviceType.CPU ? DeviceKind.CPU : DeviceKind.GPU,
                hardware.getDeviceName().strip(),
                String.valueOf(device.getPlatformName()).strip(),
                vendor,
                DeviceText.driver(text),
                DeviceText.known(device.getDeviceOpenCLCVersion()),
                device.getMaxGlobalMemory(),
                device.getMaxAllocMemory(),
                device.getDeviceLocalMemorySize(),
                first(hardware.getDeviceMaxWorkGroupSize()),
                list(device.getDeviceMaxWorkgroupDimensions()),
                hardware.getDeviceMaxComputeUnits(),
                DeviceText.fp64(text),
                DeviceText.fp16(text));
    }

    static DeviceId id(String backend, String tornadoName, int flat) {
        Matcher place = PLACE.matcher(tornadoName);
        return place.find()
                ? new DeviceId(
                        backend, Integer.parseInt(place.group(1)), Integer.parseInt(place.group(2)))
                : new DeviceId(backend, 0, flat);
    }

    private static long first(long[] values) {
        return values == null || values.length == 0 ? 0 : values[0];
    }

    private static List<Long> list(long[] values) {
        var list = new ArrayList<Long>();
        if (values != null) {
            for (long value : values) {
                list.add(value);
            }
        }
        return list;
    }
}
