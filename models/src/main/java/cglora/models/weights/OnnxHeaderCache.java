package cglora.models.weights;

import cglora.models.cache.CacheFolder;
import cglora.models.weights.onnx.GraphProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/// Headers of ONNX files that lie packed in jars. To pass over the elements of a tensor there
/// means to unpack them, half a second for 90 MB, so the header that was found is kept. A file
/// that is not whole, or of another entry, counts as none; a folder that cannot be written keeps
/// nothing.
///
/// ```
/// magic        8 bytes
/// entry        size and CRC-32, 8 bytes each; length of the name, 4 bytes; name in UTF-8
/// header       length, 4 bytes; a GraphProto without elements
/// CRC-32C      of all before it, 8 bytes
/// ```
///
/// Numbers are big-endian.
final class OnnxHeaderCache {
    private static final long MAGIC = 0x434c474f4e583031L; // "CLGONX01"
    private static final int NUMBERS = 4 * Long.BYTES + 2 * Integer.BYTES;

    /// Far more than the header of any model that is read; a cache holds no larger one.
    private static final int LARGEST = 1 << 26;

    private final CacheFolder files;

    OnnxHeaderCache(Path folder) {
        this.files =
                new CacheFolder(
                        folder,
                        "[a-z0-9._-]{0,80}-[0-9]+-[0-9a-f]{8}",
                        ".onnx-header",
                        ByteBuffer.allocate(Long.BYTES).putLong(MAGIC).array());
    }

    static OnnxHeaderCache ofUser() {
        return new OnnxHeaderCache(CacheFolder.ofUser("headers"));
    }

    Path place(PackedEntry entry) {
        String name = entry.name().substring(entry.name().lastIndexOf('/') + 1);
        String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
        return files.place(
                "%s-%d-%08x"
                        .formatted(
                                plain.substring(0, Math.min(80, plain.length())),
                                entry.size(),
                                entry.crc())
                        .toLowerCase(Locale.ROOT));
    }

    Optional<GraphProto> find(PackedEntry entry) {
        Path place = place(entry);
        try {
            if (!Files.isRegularFile(place) || Files.size(place) > LARGEST) {
                return Optional.empty();
            }
            Optional<GraphProto> header = header(ByteBuffer.wrap(Files.readAllBytes(place)), entry);
            if (header.isPresent()) {
                files.touch(place);
            }
            return header;
        } catch (IOException _) {
            return Optional.empty(); // somebody is tidying, or it is not ours to read
        }
    }

    private static Optional<GraphProto> header(ByteBuffer file, PackedEntry entry)
            throws InvalidProtocolBufferException {
        byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
        int end = file.limit() - Long.BYTES;
        if (file.limit() < NUMBERS || file.getLong(end) != crc(file, end)) {
            return Optional.empty();
        }
        boolean same =
                file.getLong() == MAGIC
                        && file.getLong() == entry.size()
                        && file.getLong() == entry.crc()
                        && file.getInt() == name.length
                        && file.remaining() >= name.length + Integer.BYTES + Long.BYTES
                        && file.slice(file.position(), name.length).equals(ByteBuffer.wrap(name));
        if (!same) {
            return Optional.empty();
        }
        file.position(file.position() + name.length);
        int length = file.getInt();
        return length == end - file.position()
                ? Optional.of(GraphProto.parseFrom(file.slice(file.position(), length)))
                : Optional.empty();
    }

    private static long crc(ByteBuffer file, int end) {
        var crc = new CRC32C();
        crc.update(file.duplicate().position(0).limit(end));
        return crc.getValue();
    }

    /// Keeps a header; whoever reads meanwhile sees all of it or nothing.
    void keep(PackedEntry entry, GraphProto header) {
        byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
        int length = header.getSerializedSize();
        if (length > LARGEST - NUMBERS - name.length) {
            return;
        }
        var file = ByteBuffer.allocate(NUMBERS + name.length + length);
        file.putLong(MAGIC).putLong(entry.size()).putLong(entry.crc());
        file.putInt(name.length).put(name);
        file.putInt(length).put(header.toByteArray());
        file.putLong(crc(file, file.position()));
        try {
            files.prepare();
            write(place(entry), file.array());
        } catch (IOException _) {
            return; // a full disk, or somebody else's folder: the next start unpacks again
        }
    }

    private void write(Path place, byte[] bytes) throws IOException {
        Path unfinished = CacheFolder.unfinished(place, "header");
        try {
            Files.write(unfinished, bytes);
            Files.move(unfinished, place, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }
}
