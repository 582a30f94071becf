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
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/// Writes `.safetensors` files, float32 where nothing else is asked for. Same tensors, same bytes:
/// names are sorted, the header is padded with spaces to 8 bytes.
public final class SafetensorsWriter {
    private static final int PIECE = 1 << 20;

    /// A tensor to write.
    ///
    /// @param shape  its extents
    /// @param values row-major, as many as the extents' product
    public record TensorData(int[] shape, float[] values) {
        public TensorData {
            if (size(shape) != values.length) {
                throw new IllegalArgumentException(
                        values.length + " values for a tensor of " + size(shape));
            }
        }
    }

    private SafetensorsWriter() {}

    /// Writes beside the target, syncs, then moves: the target is never half-written.
    public static void write(
            Path target, SortedMap<String, TensorData> tensors, Map<String, String> metadata)
            throws IOException {
        var shapes = new TreeMap<String, int[]>();
        tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        write(target, shapes, name -> tensors.get(name).values(), metadata);
    }

    /// The same for tensors that are fetched one after the other: no two are held at a time.
    ///
    /// @param shapes the tensors' extents, by their names
    /// @param values gives a tensor's elements, row-major
    public static void write(
            Path target,
            SortedMap<String, int[]> shapes,
            Function<String, float[]> values,
            Map<String, String> metadata)
            throws IOException {
        write(target, FloatFormat.F32, shapes, values, metadata);
    }

    /// The same in another format; elements are rounded to it.
    public static void write(
            Path target,
            FloatFormat format,
            SortedMap<String, int[]> shapes,
            Function<String, float[]> values,
            Map<String, String> metadata)
            throws IOException {
        write(
                target,
                format,
                shapes,
                (channel, name) -> writeFully(channel, format, values.apply(name)),
                metadata);
    }

    /// The same for tensors that come part by part: none is held as a whole.
    ///
    /// @param parts gives a tensor's elements, row-major, from the first to the last
    public static void writeParts(
            Path target,
            FloatFormat format,
            SortedMap<String, int[]> shapes,
            TensorParts parts,
            Map<String, String> metadata)
            throws IOException {
        long largest = shapes.values().stream().mapToLong(SafetensorsWriter::size).max().orElse(0);
        float[] part = new float[(int) Math.min(PIECE, largest)];
        write(
                target,
                format,
                shapes,
                (channel, name) -> {
                    int size = Math.toIntExact(size(shapes.get(name)));
                    for (int first = 0; first < size; first += part.length) {
                        int count = Math.min(part.length, size - first);
                        parts.read(name, first, count, part, 0);
                        writeFully(channel, format, part, count);
                    }
                },
                metadata);
    }

    /// Writes the elements of a tensor.
    private interface Elements {
        void write(FileChannel channel, String name) throws IOException;
    }

    private static void write(
            Path target,
            FloatFormat format,
            SortedMap<String, int[]> shapes,
            Elements elements,
            Map<String, String> metadata)
            throws IOException {
        var header = new LinkedHashMap<String, Object>();
        header.put("__metadata__", new TreeMap<>(metadata));
        long at = 0;
        for (var tensor : shapes.entrySet()) {
            long end = at + format.bytes() * size(tensor.getValue());
            var entry = new LinkedHashMap<String, Object>();
            entry.put("dtype", format.name());
            entry.put("shape", tensor.getValue());
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
            for (String name : shapes.keySet()) {
                elements.write(channel, name);
            }
            channel.force(true);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        Files.move(
                temporary,
                target,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static long size(int[] shape) {
        long size = 1;
        for (int extent : shape) {
            size *= extent;
        }
        return size;
    }

    private static void writeFully(FileChannel channel, FloatFormat format, float[] values)
            throws IOException {
        writeFully(channel, format, values, values.length);
    }

    /// In pieces: a large tensor is not copied as a whole.
    private static void writeFully(
            FileChannel channel, FloatFormat format, float[] values, int length)
            throws IOException {
        var bytes =
                ByteBuffer.allocate(format.bytes() * Math.min(PIECE, length))
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < length; at += PIECE) {
            int count = Math.min(PIECE, length - at);
            bytes.clear();
            for (int i = at; i < at + count; i++) {
                format.put(bytes, values[i]);
            }
            writeFully(channel, bytes.flip());
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
