package cglora.kernels.tornado;

import cglora.kernels.device.DeviceMemory;
import cglora.kernels.device.TornadoMessage;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Optional;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/// What TornadoVM throws, said so that a user can act on it.
final class DeviceFailure {
    private DeviceFailure() {}

    /// @param where the kernel or program that was being compiled or run
    static CgloraException of(String device, String where, Throwable failure) {
        if (failure instanceof CgloraException known) {
            return known;
        }
        Optional<String> memory = noMemory(failure);
        if (memory.isPresent()) {
            return new CgloraException(
                    ErrorCode.V_MEMORY,
                    where,
                    device + " has no memory left: " + memory.get(),
                    DeviceMemory.ADVICE
                            + "; or a larger engine.memory_fraction, where that is the limit; other"
                            + " programs on the device take memory, too",
                    failure);
        }
        return new CgloraException(
                ErrorCode.V_ENGINE,
                where,
                "%s cannot run it: %s".formatted(device, reason(failure)),
                TornadoMessage.root(failure) instanceof LinkageError
                        ? "this is TornadoVM %s, expected is 5.2.0-jdk25: install that"
                                .formatted(TornadoStatus.version())
                        : "`cglora doctor` tells which kernels work on this device; `--engine jvm`"
                                + " works everywhere",
                failure);
    }

    /// What is said of memory that is not there: by TornadoVM, which keeps a limit of its own, or
    /// by the driver.
    private static Optional<String> noMemory(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TornadoOutOfMemoryException
                    || cause instanceof DriverError error && error.isOutOfMemory()) {
                return Optional.of(TornadoMessage.of(cause));
            }
        }
        return Optional.empty();
    }

    private static String reason(Throwable failure) {
        Throwable root = TornadoMessage.root(failure);
        String type = root.getClass().getSimpleName();
        String text = TornadoMessage.of(root);
        return text.equals(type) ? type : type + ": " + text;
    }
}
