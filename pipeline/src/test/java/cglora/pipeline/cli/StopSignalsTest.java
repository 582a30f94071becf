package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StopSignalsTest {
    private static void raise(String name) throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Signal");
        type.getMethod("raise", type)
                .invoke(null, type.getConstructor(String.class).newInstance(name));
    }

    /// A shell's background job ignores Ctrl-C, and Java leaves a signal alone that its parent had
    /// ignored.
    private static boolean isIgnored(int signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return false;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("SigIgn:")) {
                long mask = Long.parseUnsignedLong(line.substring(7).strip(), 16);
                return (mask >> (signal - 1) & 1) == 1;
            }
        }
        return false;
    }

    /// Without the handler the signal ends this very process.
    @Test
    void aTerminalThatIsGoneEndsNothing() throws ReflectiveOperationException, IOException {
        assumeFalse(isIgnored(1), "this process was started with SIGHUP ignored");
        try (var signals = StopSignals.listen()) {
            for (int i = 0; i < 3; i++) {
                raise("HUP");
                LockSupport.parkNanos(100_000_000);
            }
            assertThat(signals.getAsInt()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void keepsTheFirstSignalForThoseWhoAsk(String name, int status)
            throws ReflectiveOperationException, IOException {
        assumeFalse(
                isIgnored(status - 128), "this process was started with SIG" + name + " ignored");
        try (var signals = StopSignals.listen()) {
            assertThat(signals.getAsInt()).isZero();
            raise(name);
            for (int i = 0; i < 1000 && signals.getAsInt() == 0; i++) {
                LockSupport.parkNanos(10_000_000);
            }
            assertThat(signals.getAsInt()).isEqualTo(status);
        }
    }
}
