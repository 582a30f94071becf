package cglora.models.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import tools.jackson.databind.json.JsonMapper;

/// Writes float32 `.safetensors` files. Same tensors, same bytes: names are sorted, the header is
/// padded with spaces to 8 bytes.
public final class SafetensorsWriter {
    /// A tensor to write.
    ///
    /// @param shape  its extents
    /// @param values row-major, as many as the extents' product
    public record TensorData(int[] shape, float[] values) {
        public TensorData {
            long size = 1;
            for (int extent : shape) {
                size *= extent;
            }
            if (size != values.length) {
                throw new IllegalArgumentException(
                        values.length + " values for a tensor of " + size);
            }
        }
    }

    private SafetensorsWriter() {}

    /// Writes beside the target, syncs, then moves: the target is never half-written.
    public static void write(
            Path target, SortedMap<String, TensorData> tensors, Map<String, String> metadata)
            throws IOException {
        var header = new LinkedHashMap<String, Object>();
        header.put("__metadata__", new java.util.TreeMap<>(metadata));
        long at = 0;
        for (var tensor : tensors.entrySet()) {
            long end = at + 4L * tensor.getValue().values().length;
            var entry = new LinkedHashMap<String, Object>();
            entry.put("dtype", "F32");
            entry.put("shape", tensor.getValue().shape());
            entry.put("data_offsets", new long[] {at, end});
            header.put(tensor.getKey(), entry);
            at = end;
        }
        byte[] json =
                JsonMapper.shared().writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        Path temporary = target.resolveSibling(target.getFileName() + ".tmp");
        try (var channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            var head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
            head.putLong(padded).put(json);
            while (head.hasRemaining()) {
                head.put((byte) ' ');
            }
            writeFully(channel, head.flip());
            for (TensorData tensor : tensors.values()) {
                var bytes =
                        ByteBuffer.allocate(4 * tensor.values().length)
                                .order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(tensor.values());
                writeFully(channel, bytes);
            }
            channel.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        Files.move(
                temporary,
                target,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
