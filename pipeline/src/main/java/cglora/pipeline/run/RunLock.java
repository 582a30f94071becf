package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Keeps other processes out of a run's folder. The system takes the lock back when the process
/// ends, however it ends.
final class RunLock implements AutoCloseable {
    static final String FILE = "run.lock";

    private static final Path HOST = Path.of("/proc/sys/kernel/hostname");

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /// Takes the lock of a folder.
    ///
    /// @throws CgloraException K-LOCKED, with who has it
    static RunLock of(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        try {
            if (!isTaken(channel)) {
                write(channel);
                return new RunLock(channel);
            }
            String holder = read(channel);
            channel.close();
            throw new CgloraException(
                    ErrorCode.K_LOCKED,
                    folder.toString(),
                    holder.isBlank() ? "another process runs it" : holder.strip() + " runs it",
                    "wait for it, or end it");
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /// Whether somebody has it, this very process included.
    private static boolean isTaken(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    private static void write(FileChannel channel) throws IOException {
        String host = Files.isReadable(HOST) ? " on " + Files.readString(HOST).strip() : "";
        String holder = "process " + ProcessHandle.current().pid() + host + "\n";
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(holder.getBytes(StandardCharsets.UTF_8)), 0);
    }

    private static String read(FileChannel channel) throws IOException {
        var bytes = ByteBuffer.allocate(256);
        channel.read(bytes, 0);
        return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
