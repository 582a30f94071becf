package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/// The bytes of a file, unpacked where it is packed: seen by its first bytes, not by its name.
/// What expands beyond reason ends with X-LIMIT.
final class Unpacked extends FilterInputStream {
    /// What a packed file may grow to, as a multiple of its size.
    private static final long MAX_EXPANSION = 1000;

    private static final int MAGIC = 4;
    private static final int GZIP = 0x8b1f;
    private static final int ZSTD = 0xfd2fb528;

    private final String path;
    private final long limit;
    private long count;

    private Unpacked(InputStream in, String path, long limit) {
        super(in);
        this.path = path;
        this.limit = limit;
    }

    /// Marks and resets are at hand for the first bytes.
    static InputStream open(Path path) throws IOException {
        var raw = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
        try {
            raw.mark(MAGIC);
            byte[] magic = raw.readNBytes(MAGIC);
            raw.reset();
            InputStream unpacked = unpack(raw, magic);
            if (unpacked == raw) {
                return raw;
            }
            long limit = 1024 + MAX_EXPANSION * Files.size(path);
            return new BufferedInputStream(new Unpacked(unpacked, path.toString(), limit), 1 << 16);
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    private static InputStream unpack(InputStream raw, byte[] magic) throws IOException {
        int first = 0;
        for (int i = 0; i < magic.length; i++) {
            first |= (magic[i] & 0xff) << 8 * i;
        }
        return first == ZSTD
                ? new ZstdInputStreamNoFinalizer(raw)
                : (first & 0xffff) == GZIP ? new GZIPInputStream(raw, 1 << 16) : raw;
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        counted(value < 0 ? 0 : 1);
        return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int n = super.read(bytes, offset, length);
        counted(Math.max(0, n));
        return n;
    }

    private void counted(int n) {
        count += n;
        if (count > limit) {
            throw new CgloraException(
                    ErrorCode.X_LIMIT,
                    path,
                    "expands to more than %d bytes, %d times its size"
                            .formatted(limit, MAX_EXPANSION),
                    "unpack it where it is to be trusted");
        }
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
