package cglora.pipeline.bench;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.pipeline.device.EngineChoice;
import java.util.Locale;

/// The part of the machine that does a device's work: who tells its power and its clocks.
enum Part {
    PROCESSOR,
    NVIDIA_GPU,
    AMD_GPU,
    INTEL_GPU,
    OTHER;

    static Part of(EngineChoice choice) {
        return switch (choice) {
            case EngineChoice.Jvm _ -> PROCESSOR;
            case EngineChoice.Tornado(DeviceInfo info, _, _) when info.kind() == DeviceKind.CPU ->
                    PROCESSOR;
            case EngineChoice.Tornado(DeviceInfo info, _, _) ->
                    gpu(info.vendor() + " " + info.platform() + " " + info.name());
        };
    }

    /// @param names as the driver spells vendor, platform and device
    static Part gpu(String names) {
        String text = names.toLowerCase(Locale.ROOT);
        if (text.contains("nvidia") || text.contains("cuda")) {
            return NVIDIA_GPU;
        }
        if (text.contains("advanced micro devices") || text.matches(".*\\b(amd|radeon)\\b.*")) {
            return AMD_GPU;
        }
        return text.contains("intel") ? INTEL_GPU : OTHER;
    }
}
