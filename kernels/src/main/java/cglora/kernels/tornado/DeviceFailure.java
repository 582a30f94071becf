package cglora.kernels.tornado;

import cglora.kernels.device.DeviceMemory;
import cglora.kernels.device.TornadoMessage;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/// What TornadoVM throws, said so that a user can act on it.
final class DeviceFailure {
    /// What an engine keeps on its device.
    ///
    /// @param planned     bytes of all arrays
    /// @param limit       bytes that they may take
    /// @param largest     bytes of the largest array
    /// @param largestName what it holds
    record Memory(long planned, long limit, long largest, String largestName) {
        private String said() {
            return "%d MiB are planned of the %d MiB for it, the largest array, %s, has %d MiB"
                    .formatted(planned >> 20, limit >> 20, largestName, largest >> 20);
        }
    }

    private DeviceFailure() {}

    /// @param where the kernel or program that was being compiled or run
    static CgloraException of(String device, String where, Throwable failure) {
        return of(device, where, failure, null);
    }

    /// @param where  the kernel or program that was being compiled or run
    /// @param memory what is on the device; null where that is not known
    static CgloraException of(String device, String where, Throwable failure, Memory memory) {
        if (failure instanceof CgloraException known) {
            return known;
        }
        Throwable noMemory = noMemory(failure);
        if (noMemory != null) {
            // TornadoVM's own text names an option that the launcher sets already
            return new CgloraException(
                    ErrorCode.V_MEMORY,
                    where,
                    device
                            + " has no memory left"
                            + (memory == null ? "" : ": " + memory.said())
                            + (noMemory instanceof DriverError ? ", " + noMemory.getMessage() : "")
                            + "; something else may hold the rest",
                    DeviceMemory.ADVICE
                            + "; end what else uses the device, or lower engine.memory_fraction to"
                            + " what is free, so that plan says what fits",
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

    /// The failure that says that memory is not there: TornadoVM's, which keeps a limit of its own,
    /// or the driver's. Null where memory is not why.
    private static Throwable noMemory(Throwable failure) {
        Throwable cause = failure;
        while (cause != null
                && !(cause instanceof TornadoOutOfMemoryException)
                && !(cause instanceof DriverError error && error.isOutOfMemory())) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static String reason(Throwable failure) {
        Throwable root = TornadoMessage.root(failure);
        String type = root.getClass().getSimpleName();
        String text = TornadoMessage.of(root);
        return text.equals(type) ? type : type + ": " + text;
    }
}
