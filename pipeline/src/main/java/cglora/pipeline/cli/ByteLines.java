package cglora.pipeline.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Lines of a stream, each decoded by itself: one that is not UTF-8 takes none before it along, as
/// it does where a reader decodes many at a time. A line ends with LF, CR LF or CR.
final class ByteLines {
    /// A line that nobody should hold in memory.
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1;

        TooLong(long bytes) {
            super("has " + bytes + " bytes");
        }
    }

    private final BufferedInputStream in;
    private final int longest;
    private boolean skipsLineFeed;

    /// @param longest bytes of a line that are decoded
    ByteLines(InputStream in, int longest) {
        this.in = new BufferedInputStream(in);
        this.longest = longest;
    }

    /// Whether more is there already.
    boolean isReady() throws IOException {
        return in.available() > 0;
    }

    /// The next line, without its end; null where there is none.
    ///
    /// @throws TooLong                  where it has more bytes, which are passed over
    /// @throws CharacterCodingException where it is not UTF-8
    String next() throws IOException {
        var line = new ByteArrayOutputStream();
        long bytes = 0;
        int next = in.read();
        if (skipsLineFeed && next == '\n') {
            next = in.read();
        }
        skipsLineFeed = false;
        if (next < 0) {
            return null;
        }
        while (next >= 0 && next != '\n' && next != '\r') {
            if (bytes++ < longest) {
                line.write(next);
            }
            next = in.read();
        }
        skipsLineFeed = next == '\r';
        if (bytes > longest) {
            throw new TooLong(bytes);
        }
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(line.toByteArray()))
                .toString();
    }
}
