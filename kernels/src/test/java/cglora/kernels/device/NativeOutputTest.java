package cglora.kernels.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.testing.ForkedJava;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisabledOnOs(OS.WINDOWS)
class NativeOutputTest {
    /// A main class that writes as TornadoVM's native code does, and as Java does.
    @SuppressWarnings("restricted") // it stands for native code
    public static final class Writing {
        private Writing() {}

        public static void main(String[] arguments) throws Throwable {
            var out = new PrintStream(NativeOutput.divert().orElseThrow(), true, "UTF-8");
            out.println("before");
            long start = NativeOutput.length();
            write("[TornadoVM OCL] Warning: größer\n");
            out.println(NativeOutput.errorSince(start));
            write("[TornadoVM-OCL-JNI] ERROR : clFinish -> Returned: -5\n");
            out.println(NativeOutput.errorSince(start).orElseThrow());
            out.println(NativeOutput.errorSince(NativeOutput.length()));
            System.err.print(NativeOutput.take());
            write("the last\n");
            System.err.print(NativeOutput.take());
            out.write("x".repeat(20_000).getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }

        private static void write(String text) throws Throwable {
            Linker linker = Linker.nativeLinker();
            var write =
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("write"),
                            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            try (Arena arena = Arena.ofConfined()) {
                long _ = (long) write.invokeExact(1, arena.allocateFrom(text), (long) bytes.length);
            }
        }
    }

    @Test
    void errorsAreFoundAndResultsGoWhereTheyWent() {
        var outcome = ForkedJava.run(Writing.class, List.of(), Map.of(), List.of());
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .isEqualTo(
                        """
                        before
                        Optional.empty
                        [TornadoVM-OCL-JNI] ERROR : clFinish -> Returned: -5
                        Optional.empty
                        """
                                + "x".repeat(20_000));
        assertThat(outcome.err())
                .contains("[TornadoVM OCL] Warning: größer\n[TornadoVM-OCL-JNI] ERROR", "the last");
    }

    @ParameterizedTest
    @CsvSource({
        "'[TornadoVM-OCL-JNI] ERROR : clFinish -> Returned: -5', true",
        "'[TornadoVM-OCL-JNI] ERROR : clGetDeviceIDs -> Returned: -1', false",
        "'[TornadoVM OCL] Warning: TornadoVM changed the local size', false",
        "'an ERROR', false"
    })
    void aPlatformWithoutDevicesIsNoError(String line, boolean isError) {
        assertThat(NativeOutput.isError(line)).isEqualTo(isError);
    }

    @Test
    void withoutItNothingIsFound() {
        assertThat(NativeOutput.length()).isZero();
        assertThat(NativeOutput.errorSince(0)).isEmpty();
        assertThat(NativeOutput.take()).isEmpty();
    }
}
