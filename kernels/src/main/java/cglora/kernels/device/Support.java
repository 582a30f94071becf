package cglora.kernels.device;

/// Whether a device can do something, as far as its driver tells.
public enum Support {
    YES,
    NO,
    UNKNOWN;

    static Support of(boolean known) {
        return known ? YES : NO;
    }
}
