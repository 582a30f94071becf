package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;

/// The text of a stream of bytes, without a leading byte-order mark. A byte that is not of the
/// character set, and a NUL character, end it with their line.
final class StrictReader extends Reader {
    private static final int CHUNK = 1 << 16;

    private final InputStream in;
    private final String path;
    private final Charset charset;
    private final CharsetDecoder decoder;
    private final ByteBuffer bytes = ByteBuffer.allocate(CHUNK).flip();
    private long before; // bytes in front of the buffer
    private long line = 1;
    private boolean started;
    private boolean atEnd;
    private boolean done;

    StrictReader(InputStream in, String path, Charset charset) {
        this.in = in;
        this.path = path;
        this.charset = charset;
        this.decoder = charset.newDecoder(); // which reports what it cannot decode
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
        if (length == 0 || done) {
            return done ? -1 : 0;
        }
        var out = CharBuffer.wrap(target, offset, length);
        while (true) {
            int start = out.position();
            CoderResult result = decoder.decode(bytes, out, atEnd);
            if (!started && out.position() > start) {
                started = true;
                if (target[start] == '\uFEFF') {
                    System.arraycopy(target, start + 1, target, start, out.position() - start - 1);
                    out.position(out.position() - 1);
                }
            }
            count(target, start, out.position());
            if (result.isError()) {
                int at = bytes.position();
                throw error(
                        ErrorCode.D_ENCODING,
                        "byte %d (0x%02x) is not %s"
                                .formatted(before + at, bytes.get(at) & 0xff, charset),
                        "save the file as UTF-8, or set \"format\": {\"encoding\":"
                                + " \"ISO-8859-1\"}");
            }
            int made = out.position() - offset;
            if (made > 0 && (result.isOverflow() || atEnd || !bytes.hasRemaining())) {
                return made;
            }
            if (result.isOverflow()) { // half a pair does not fit where only one character does
                throw new IllegalArgumentException("length " + length + ", expected at least 2");
            }
            if (atEnd) {
                done = true;
                return -1; // none of the character sets of files keeps something back
            }
            fill();
        }
    }

    private void fill() throws IOException {
        before += bytes.position();
        bytes.compact();
        int n = in.read(bytes.array(), bytes.position(), bytes.remaining());
        atEnd = n < 0;
        bytes.position(bytes.position() + Math.max(0, n));
        bytes.flip();
    }

    private void count(char[] chars, int from, int to) {
        for (int i = from; i < to; i++) {
            if (chars[i] == '\n') {
                line++;
            } else if (chars[i] == '\0') {
                throw error(ErrorCode.D_FORMAT, "holds a NUL character", "is this a text file?");
            }
        }
    }

    private CgloraException error(ErrorCode code, String what, String fix) {
        return new CgloraException(code, path + ":" + line, what, fix);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
