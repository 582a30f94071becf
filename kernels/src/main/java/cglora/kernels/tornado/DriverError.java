package cglora.kernels.tornado;

/// A call of the driver failed, and TornadoVM went on: what it computed is garbage.
final class DriverError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param line what TornadoVM's native code printed
    DriverError(String line) {
        super(line);
    }
}
