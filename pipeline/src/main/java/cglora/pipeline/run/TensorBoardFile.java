package cglora.pipeline.run;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32C;

/// Scalars as TensorBoard reads them: `events.out.tfevents.…`, a file of TFRecords, each an `Event`
/// of TensorFlow's `event.proto` with one value of `summary.proto`.
///
/// A record is its length as a little-endian 64-bit number, the masked CRC-32C of these 8 bytes,
/// the bytes, and their masked CRC-32C. The mask is `((c >>> 15) | (c << 17)) + 0xa282ead8`
/// (tensorflow/core/lib/hash/crc32c.h).
final class TensorBoardFile implements AutoCloseable {
    private static final int MASK = 0xa282ead8;

    /// `SessionLog.START`.
    private static final long SESSION_START = 1;

    /// Wire types of protocol buffers.
    private static final int VARINT = 0;

    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final OutputStream out;

    private TensorBoardFile(OutputStream out) {
        this.out = out;
    }

    /// A new file in a folder, named by the time so that several stand beside each other.
    static TensorBoardFile in(Path folder) throws IOException {
        Instant now = Instant.now();
        String name =
                "events.out.tfevents.%010d.%09d.cglora"
                        .formatted(now.getEpochSecond(), now.getNano());
        var file =
                new TensorBoardFile(
                        Files.newOutputStream(
                                folder.resolve(name),
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.WRITE));
        var version = new Message();
        version.number(1, now.toEpochMilli() * 1e-3);
        version.text(3, "brain.Event:2");
        file.record(version.bytes());
        return file;
    }

    /// Says that a run goes on: what other files say of this step and later ones no longer holds.
    ///
    /// @param step that comes next
    void restart(long step) throws IOException {
        var log = new Message();
        log.number(1, SESSION_START);
        var event = new Message();
        event.number(1, System.currentTimeMillis() * 1e-3);
        event.number(2, step);
        event.message(7, log);
        record(event.bytes());
    }

    /// Appends scalars; written through, so that TensorBoard follows.
    ///
    /// @param step of training
    void scalars(long step, Map<String, Double> values) throws IOException {
        double time = System.currentTimeMillis() * 1e-3;
        for (Map.Entry<String, Double> entry : values.entrySet()) {
            var value = new Message();
            value.text(1, entry.getKey());
            value.number(2, entry.getValue().floatValue());
            var summary = new Message();
            summary.message(1, value);
            var event = new Message();
            event.number(1, time);
            event.number(2, step);
            event.message(5, summary);
            record(event.bytes());
        }
        out.flush();
    }

    private void record(byte[] bytes) throws IOException {
        byte[] length = little(8).putLong(bytes.length).array();
        ByteBuffer record = little(16 + bytes.length);
        record.put(length).putInt(masked(length));
        record.put(bytes).putInt(masked(bytes));
        out.write(record.array());
    }

    private static int masked(byte[] bytes) {
        var sum = new CRC32C();
        sum.update(bytes);
        return Integer.rotateRight((int) sum.getValue(), 15) + MASK;
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /// A message of protocol buffers in its wire format.
    private static final class Message {
        private ByteBuffer buffer = little(64);

        void number(int field, double value) {
            key(field, FIXED64);
            room(8).putDouble(value);
        }

        void number(int field, float value) {
            key(field, FIXED32);
            room(4).putFloat(value);
        }

        void number(int field, long value) {
            key(field, VARINT);
            varint(value);
        }

        void text(int field, String text) {
            bytes(field, text.getBytes(StandardCharsets.UTF_8));
        }

        void message(int field, Message message) {
            bytes(field, message.bytes());
        }

        private void bytes(int field, byte[] bytes) {
            key(field, BYTES);
            varint(bytes.length);
            room(bytes.length).put(bytes);
        }

        private void key(int field, int wireType) {
            varint((long) field << 3 | wireType);
        }

        /// Seven bits a byte, the lowest first; the eighth says that more follow.
        private void varint(long value) {
            long left = value;
            while ((left & ~0x7fL) != 0) {
                room(1).put((byte) (left & 0x7f | 0x80));
                left >>>= 7;
            }
            room(1).put((byte) left);
        }

        private ByteBuffer room(int bytes) {
            if (buffer.remaining() < bytes) {
                ByteBuffer larger =
                        little(Math.max(2 * buffer.capacity(), buffer.position() + bytes));
                buffer = larger.put(buffer.flip());
            }
            return buffer;
        }

        byte[] bytes() {
            byte[] bytes = new byte[buffer.position()];
            buffer.get(0, bytes);
            return bytes;
        }
    }
}
