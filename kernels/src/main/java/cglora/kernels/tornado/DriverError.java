package cglora.kernels.tornado;

import java.util.regex.Pattern;

/// A call of the driver failed, and TornadoVM went on: what it computed is garbage.
final class DriverError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What drivers return where memory is short. OpenCL: -4 that memory for a buffer could not be
    /// had, -6 that the host has none left, and any failure to make a buffer. CUDA: 2.
    private static final Pattern MEMORY =
            Pattern.compile(
                    "-OCL-.*(clCreateBuffer|Returned: -[46]\\b)"
                            + "|-(PTX|CUDA)-.*(cuMemAlloc|Returned: 2\\b)"
                            + "|zeMemAlloc");

    /// @param line what TornadoVM's native code printed
    DriverError(String line) {
        super(line);
    }

    /// @param cause what TornadoVM threw afterwards
    DriverError(String line, Throwable cause) {
        super(line, cause);
    }

    /// Whether the driver had no memory left.
    boolean isOutOfMemory() {
        return MEMORY.matcher(getMessage()).find();
    }
}
