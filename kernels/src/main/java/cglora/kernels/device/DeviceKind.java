package cglora.kernels.device;

/// What a device is to the choice of kernels: a processor with a few wide cores, or one with many
/// narrow ones. Accelerators and other devices of OpenCL count as GPUs.
public enum DeviceKind {
    CPU,
    GPU
}
