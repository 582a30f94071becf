package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StopSignalsTest {
    private static void raise(String name) throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Signal");
        type.getMethod("raise", type)
                .invoke(null, type.getConstructor(String.class).newInstance(name));
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void keepsTheFirstSignalForThoseWhoAsk(String name, int status)
            throws ReflectiveOperationException {
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
