package cglora.kernels.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// What native code writes to standard output. TornadoVM's tells there that a call of the driver
/// failed, and goes on with garbage: nothing is thrown. In a process that has diverted it the lines
/// go to a file without a name, in which they are found as soon as the call returns.
@SuppressWarnings("restricted") // the file descriptors are the C library's
public final class NativeOutput {
    private static final int STANDARD = 1;
    private static final int OWNER_ONLY = 0600;
    private static final int BUFFER = 8192;
    private static final String NATIVE = "[TornadoVM-";

    private static NativeOutput diverted;

    private final FileChannel file;
    private final MethodHandle write;
    private final int standard;
    private long taken;

    private NativeOutput() throws Throwable {
        MethodHandle creat = function("creat", JAVA_INT, ADDRESS, JAVA_INT);
        MethodHandle dup = function("dup", JAVA_INT, JAVA_INT);
        MethodHandle dup2 = function("dup2", JAVA_INT, JAVA_INT, JAVA_INT);
        MethodHandle close = function("close", JAVA_INT, JAVA_INT);
        write = function("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
        Path path = Files.createTempFile("cglora", ".out");
        try (Arena arena = Arena.ofConfined()) {
            int sink = (int) creat.invokeExact(arena.allocateFrom(path.toString()), OWNER_ONLY);
            file = FileChannel.open(path, StandardOpenOption.READ);
            standard = (int) dup.invokeExact(STANDARD);
            if (sink < 0 || standard < 0 || (int) dup2.invokeExact(sink, STANDARD) < 0) {
                throw new IOException("standard output cannot be diverted");
            }
            int _ = (int) close.invokeExact(sink);
        } finally {
            Files.delete(path);
        }
    }

    private static MethodHandle function(
            String name, MemoryLayout result, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }

    /// Diverts what native code writes from now on. To be called before the first line of it, once
    /// a process.
    ///
    /// @return where the process's results go from now on; empty where standard output cannot be
    ///     diverted, and stays what it was
    public static synchronized Optional<OutputStream> divert() {
        if (diverted == null) {
            try {
                diverted = new NativeOutput();
            } catch (Throwable _) {
                // not a system of files and descriptors as POSIX has them
                return Optional.empty();
            }
        }
        return Optional.of(new BufferedOutputStream(diverted.new Standard(), BUFFER));
    }

    /// Whether a line is an error of TornadoVM's native code: not of its look for devices, for a
    /// platform may have none.
    public static boolean isError(String line) {
        return line.strip().startsWith(NATIVE)
                && line.contains("ERROR")
                && !line.contains("clGetPlatformIDs")
                && !line.contains("clGetDeviceIDs");
    }

    /// Bytes that native code has written; 0 where nothing is diverted.
    public static synchronized long length() {
        try {
            return diverted == null ? 0 : diverted.file.size();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The first error that native code has told of since.
    ///
    /// @param start [#length()] of that time
    public static synchronized Optional<String> errorSince(long start) {
        long end = length();
        return end == start
                ? Optional.empty()
                : diverted.text(start, end)
                        .lines()
                        .filter(NativeOutput::isError)
                        .map(String::strip)
                        .findFirst();
    }

    /// All that native code has written since this was asked before.
    public static synchronized String take() {
        if (diverted == null) {
            return "";
        }
        long end = length();
        String text = diverted.text(diverted.taken, end);
        diverted.taken = end;
        return text;
    }

    private String text(long start, long end) {
        try {
            var bytes = ByteBuffer.allocate(Math.toIntExact(end - start));
            while (bytes.hasRemaining() && file.read(bytes, start + bytes.position()) > 0) {}
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The standard output that the process was given.
    private final class Standard extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment segment = arena.allocate(Math.max(1, length));
                MemorySegment.copy(MemorySegment.ofArray(bytes), offset, segment, 0, length);
                for (long done = 0; done < length; ) {
                    long more =
                            (long)
                                    write.invokeExact(
                                            standard, segment.asSlice(done), length - done);
                    if (more < 0) {
                        throw new IOException("cannot write to standard output");
                    }
                    done += more;
                }
            } catch (IOException | RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e); // C functions throw nothing
            }
        }
    }
}
