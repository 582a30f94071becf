package cglora.kernels.tornado;

import cglora.kernels.device.TornadoMessage;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/// What TornadoVM throws, said so that a user can act on it.
final class DeviceFailure {
    private DeviceFailure() {}

    /// @param where the kernel or program that was being compiled or run
    static CgloraException of(String device, String where, Throwable failure) {
        if (failure instanceof CgloraException known) {
            return known;
        }
        Throwable cause = failure;
        while (cause != null && !(cause instanceof TornadoOutOfMemoryException)) {
            cause = cause.getCause();
        }
        if (cause != null) {
            return new CgloraException(
                    ErrorCode.V_MEMORY,
                    where,
                    device + " has no memory left: " + TornadoMessage.of(cause),
                    "take a smaller batch or a shorter max_length, or raise engine.memory_fraction",
                    failure);
        }
        return new CgloraException(
                ErrorCode.V_ENGINE,
                where,
                "%s cannot run it: %s".formatted(device, reason(failure)),
                "`cglora doctor` tells which kernels work on this device; `--engine jvm` works"
                        + " everywhere",
                failure);
    }

    private static String reason(Throwable failure) {
        Throwable root = TornadoMessage.root(failure);
        String type = root.getClass().getSimpleName();
        String text = TornadoMessage.of(root);
        return text.equals(type) ? type : type + ": " + text;
    }
}
