package cglora.pipeline.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/// The standard error that the launcher was given. With `--quiet` it starts Java with another
/// one, a pipe that lets all but one line through: Java's, that the vector module is incubating,
/// which no option silences. Once that is written the pipe is needed no more, and what follows
/// goes straight to where it belongs, in the order in which it is written.
@SuppressWarnings("restricted") // the file descriptors are the C library's
final class GivenErrorOutput {
    /// The descriptor that the launcher keeps it under.
    private static final String PROPERTY = "cglora.stderr";

    private static final int STANDARD = 2;

    private GivenErrorOutput() {}

    /// Puts it back in its place. Where the launcher took nothing away, or this system has no such
    /// descriptors, all stays as it is: a pipe that goes on lets everything through, too.
    static void restore() {
        Integer given = Integer.getInteger(PROPERTY);
        if (given == null) {
            return;
        }
        try {
            Linker linker = Linker.nativeLinker();
            var two = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT);
            var one = FunctionDescriptor.of(JAVA_INT, JAVA_INT);
            var dup2 = linker.downcallHandle(linker.defaultLookup().findOrThrow("dup2"), two);
            var close = linker.downcallHandle(linker.defaultLookup().findOrThrow("close"), one);
            if ((int) dup2.invokeExact((int) given, STANDARD) == STANDARD) {
                int _ = (int) close.invokeExact((int) given);
            }
        } catch (Throwable _) {
            return;
        }
    }
}
