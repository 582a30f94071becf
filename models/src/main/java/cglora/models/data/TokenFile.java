package cglora.models.data;

import cglora.models.tokenizer.Tokenizer.Tokens;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// The tokens of a source in a mapped file, which the heap does not hold.
///
/// ```
/// magic        8 bytes
/// tokens       of each row, one after the other: an id is 7 bits a byte, the lowest first, the
///              highest bit set where more follow. Behind those of words with tags, in the same
///              form: the number of words, of each the place of its tag plus one, 0 for none, and
///              of each token the place of its word plus one, 0 for none. Behind those of rows
///              with an answer that is to be written: the number of its tokens, and of each its id
///              plus one, 0 for one that is not asked for
/// index        of each row one RowEntry
/// summary      JSON
/// footer       where the index starts, rows, where the summary starts, CRC-32C of all before the
///              footer, magic: 8 bytes each, little-endian
/// ```
final class TokenFile extends TokenList implements AutoCloseable {
    static final long MAGIC = 0x31304b4f54474c43L; // "CLGTOK01"
    static final int FOOTER = 5 * Long.BYTES;

    private static final int CHUNK = 1 << 24;
    private static final int LARGEST_SUMMARY = 1 << 26;
    private static final int BIT7 = 0x80;
    private static final int LOW7 = 0x7f;

    /// What holds for all rows.
    ///
    /// @param files     of the rows, with their first rows
    /// @param labels    in the order in which they first occur; empty for regression
    /// @param pairs     whether any row has two texts
    /// @param chats     whether any row is a conversation
    /// @param largestId of all tokens
    /// @param warnings  of rows that were left out
    record Summary(
            List<SourceFile> files,
            List<String> labels,
            boolean pairs,
            boolean chats,
            int largestId,
            List<Warning> warnings) {}

    /// @param file  the place of the file it is about
    /// @param place behind the file's path, such as `:12`
    record Warning(String code, int file, String place, String what) {}

    private final Arena arena;
    private final MemorySegment content;
    private final long index;
    private final int rows;
    private final Summary summary;

    private TokenFile(Arena arena, MemorySegment content, long index, int rows, Summary summary) {
        this.arena = arena;
        this.content = content;
        this.index = index;
        this.rows = rows;
        this.summary = summary;
    }

    /// Maps a file and checks every byte of it.
    ///
    /// @throws IOException where it is not whole or cannot be read; the message says what
    @SuppressWarnings("MustBeClosedChecker") // the arena is closed with the file
    static TokenFile open(Path path) throws IOException {
        Arena arena = Arena.ofShared();
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < Long.BYTES + FOOTER) {
                throw new IOException("is cut after " + size + " bytes");
            }
            MemorySegment content = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            return read(arena, content, size - FOOTER);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e instanceof IOException io ? io : new IOException("is damaged: " + e, e);
        }
    }

    private static TokenFile read(Arena arena, MemorySegment content, long end) throws IOException {
        ByteBuffer footer =
                content.asSlice(end, FOOTER).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long index = footer.getLong();
        long rows = footer.getLong();
        long summaryStart = footer.getLong();
        long crc = footer.getLong();
        long length = end - summaryStart;
        boolean fits =
                footer.getLong() == MAGIC
                        && rows >= 0
                        && rows <= Integer.MAX_VALUE
                        && index >= Long.BYTES
                        && index <= end
                        && summaryStart == index + rows * RowEntry.BYTES
                        && length > 0
                        && length <= LARGEST_SUMMARY;
        if (!fits) {
            throw new IOException("has no footer of this version");
        }
        if (crc(content, end) != crc) {
            throw new IOException("has another checksum than when it was written");
        }
        byte[] json = content.asSlice(summaryStart, length).toArray(ValueLayout.JAVA_BYTE);
        try {
            Summary summary = JsonMapper.shared().readValue(json, Summary.class);
            return new TokenFile(arena, content, index, (int) rows, summary);
        } catch (JacksonException e) {
            throw new IOException("has no summary of this version", e);
        }
    }

    private static long crc(MemorySegment content, long end) {
        var crc = new CRC32C();
        for (long at = 0; at < end; at += CHUNK) {
            crc.update(content.asSlice(at, Math.min(CHUNK, end - at)).asByteBuffer());
        }
        return crc.getValue();
    }

    static byte[] json(Summary summary) {
        return JsonMapper.shared().writeValueAsString(summary).getBytes(StandardCharsets.UTF_8);
    }

    /// Appends an id in the file's form.
    static void putId(ByteBuffer to, int id) {
        int rest = id;
        while (rest >= BIT7) {
            to.put((byte) (rest | BIT7));
            rest >>>= 7;
        }
        to.put((byte) rest);
    }

    /// Of the file.
    long bytes() {
        return content.byteSize();
    }

    Summary summary() {
        return summary;
    }

    private long entry(int row) {
        if (row < 0 || row >= rows) {
            throw new IndexOutOfBoundsException("row " + row + " of " + rows);
        }
        return index + (long) row * RowEntry.BYTES;
    }

    @Override
    public Tokens get(int row) {
        long entry = entry(row);
        int[] ids = new int[RowEntry.length(content, entry)];
        fill(ids, RowEntry.start(content, entry));
        int[] types = new int[ids.length];
        Arrays.fill(types, Math.min(ids.length, RowEntry.zeros(content, entry)), ids.length, 1);
        return new Tokens(ids, types, RowEntry.fullLength(content, entry));
    }

    /// Reads numbers one after the other.
    ///
    /// @return where the next one starts
    private long fill(int[] numbers, long start) {
        long at = start;
        for (int i = 0; i < numbers.length; i++) {
            int shift = 0;
            byte value = content.get(ValueLayout.JAVA_BYTE, at++);
            int number = value & LOW7;
            while (value < 0) { // the highest bit
                value = content.get(ValueLayout.JAVA_BYTE, at++);
                shift += 7;
                number |= (value & LOW7) << shift;
            }
            numbers[i] = number;
        }
        return at;
    }

    /// The tag of each word of a row, its place among the labels, -1 for none.
    int[] tags(int row) {
        return tagged(row)[0];
    }

    /// Of each token of a row the word that it belongs to, -1 for none.
    int[] words(int row) {
        return tagged(row)[1];
    }

    private int[][] tagged(int row) {
        long entry = entry(row);
        int[] words = new int[RowEntry.length(content, entry)];
        long at = fill(words, RowEntry.start(content, entry));
        int[] count = new int[1];
        at = fill(count, at);
        int[] tags = new int[count[0]];
        fill(words, fill(tags, at));
        Arrays.setAll(tags, i -> tags[i] - 1);
        Arrays.setAll(words, i -> words[i] - 1);
        return new int[][] {tags, words};
    }

    /// The tokens that a model is to write for a row, -1 for one that is not asked for.
    int[] answer(int row) {
        long entry = entry(row);
        int[] count = new int[1];
        int[] ids = new int[RowEntry.length(content, entry)];
        long at = fill(count, fill(ids, RowEntry.start(content, entry)));
        int[] answer = new int[count[0]];
        fill(answer, at);
        Arrays.setAll(answer, i -> answer[i] - 1);
        return answer;
    }

    boolean isAnswerCut(int row) {
        return (RowEntry.flags(content, entry(row)) & RowEntry.CUT) != 0;
    }

    boolean hasLines(int row) {
        return (RowEntry.flags(content, entry(row)) & RowEntry.LINES) != 0;
    }

    @Override
    public int size() {
        return rows;
    }

    @Override
    public int length(int row) {
        return RowEntry.length(content, entry(row));
    }

    @Override
    public int fullLength(int row) {
        return RowEntry.fullLength(content, entry(row));
    }

    @Override
    public int largestId() {
        return summary.largestId();
    }

    int label(int row) {
        return RowEntry.label(content, entry(row));
    }

    long hash(int row) {
        return RowEntry.hash(content, entry(row));
    }

    long line(int row) {
        return RowEntry.line(content, entry(row));
    }

    int file(int row) {
        return RowEntry.file(content, entry(row));
    }

    boolean isSpecial(int row) {
        return (RowEntry.flags(content, entry(row)) & RowEntry.SPECIAL) != 0;
    }

    @Override
    public void close() {
        arena.close();
    }
}
