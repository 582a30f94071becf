package cglora.pipeline.device;

import cglora.kernels.device.DeviceId;
import cglora.pipeline.spec.EngineSpec;
import java.util.Optional;

/// What a person asked to compute with.
///
/// @param threads        of the jvm engine
/// @param memoryFraction part of the device's memory, where the profile's is not to hold
/// @param profile        name or file of a device profile, where none is to be found
public record EngineRequest(
        EngineSpec.Type type,
        Optional<DeviceId> device,
        int threads,
        Optional<Double> memoryFraction,
        Optional<String> profile) {
    /// @param profile null where none was named
    /// @throws cglora.kernels.error.CgloraException V-DEVICE for what cannot be a device's name
    public static EngineRequest of(EngineSpec spec, String profile) {
        return new EngineRequest(
                spec.type(),
                Optional.ofNullable(spec.device()).map(DeviceId::parse),
                spec.threads() == null
                        ? Runtime.getRuntime().availableProcessors()
                        : spec.threads(),
                Optional.ofNullable(spec.memoryFraction()),
                Optional.ofNullable(profile));
    }
}
