package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.cache.CacheFolder;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// Writes a token file aside and puts it in its place when it is whole. What is closed before that
/// leaves nothing behind.
final class TokenFileWriter implements AutoCloseable {
    /// Different labels beyond which a column is no label.
    private static final int MOST_LABELS = 100_000;

    private static final int BUFFER = 1 << 20;

    /// The most bytes of an id.
    private static final int LONGEST_ID = 5;

    private final Path target;
    private final Path temporary;
    private final Path indexFile;
    private final boolean regression;
    private final FileChannel tokens;
    private final FileChannel index;
    private final ByteBuffer tokenBuffer = buffer();
    private final ByteBuffer indexBuffer = buffer();
    private final CRC32C crc = new CRC32C();
    private final Map<String, Integer> labels = new HashMap<>();
    private final List<String> labelNames = new ArrayList<>();
    private long flushed;
    private int rows;
    private int largestId;
    private boolean pairs;

    /// @param target     where the file will be
    /// @param regression whether labels are numbers
    TokenFileWriter(Path target, boolean regression) throws IOException {
        this.target = target;
        this.regression = regression;
        this.temporary = CacheFolder.unfinished(target, "tokens");
        this.indexFile = CacheFolder.unfinished(target, "index");
        this.tokens = FileChannel.open(temporary, StandardOpenOption.WRITE);
        this.index = FileChannel.open(indexFile, StandardOpenOption.READ, StandardOpenOption.WRITE);
        tokenBuffer.putLong(TokenFile.MAGIC);
        indexBuffer.putLong(TokenFile.MAGIC); // which says whose it is; left out in the end
    }

    private static ByteBuffer buffer() {
        return ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// @param file the place of the row's file
    /// @throws CgloraException X-LIMIT for more rows than can be counted, D-LABEL for too many
    ///     labels, T-FORMAT for token types that are not zeros and then ones
    void write(EncodedRow row, int file) throws IOException {
        Tokens sequence = row.tokens();
        int zeros = row.zeros();
        if (zeros < 0) {
            throw new CgloraException(
                    ErrorCode.T_FORMAT,
                    "tokenizer",
                    "gives token types other than zeros followed by ones",
                    "\"cache\": {\"folder\": \"off\"} in the data stage");
        }
        if (rows == Integer.MAX_VALUE - 8) {
            throw new CgloraException(
                    ErrorCode.X_LIMIT, target.toString(), "more than 2³¹ rows", "take fewer");
        }
        long start = flushed + tokenBuffer.position();
        for (int id : sequence.inputIds()) {
            put(id);
            largestId = Math.max(largestId, id);
        }
        TaggedWords words = row.example().words();
        if (words != null) {
            write(words, row.words());
        }
        boolean lines = words != null && words.hasLines();
        boolean pair = row.example().textPair() != null;
        pairs |= pair;
        var entry =
                new RowEntry(
                        start,
                        row.hash(),
                        row.example().line(),
                        file,
                        sequence.inputIds().length,
                        sequence.fullLength(),
                        zeros,
                        words == null ? label(row.example().label()) : 0,
                        (row.special() ? RowEntry.SPECIAL : 0)
                                | (pair ? RowEntry.PAIR : 0)
                                | (lines ? RowEntry.LINES : 0));
        if (indexBuffer.remaining() < RowEntry.BYTES) {
            drain(indexBuffer, index);
        }
        entry.put(indexBuffer);
        rows++;
    }

    /// @param of of each token its word
    private void write(TaggedWords words, int[] of) throws IOException {
        put(words.tags().size());
        for (String tag : words.tags()) {
            put(tag.equals(TaggedWords.IGNORED) ? 0 : place(tag) + 1);
        }
        for (int word : of) {
            put(word + 1);
        }
    }

    private void put(int number) throws IOException {
        if (tokenBuffer.remaining() < LONGEST_ID) {
            flush();
        }
        TokenFile.putId(tokenBuffer, number);
    }

    private int label(String label) {
        return regression ? Float.floatToRawIntBits(Labels.target(label)) : place(label);
    }

    private int place(String label) {
        return labels.computeIfAbsent(
                label,
                name -> {
                    if (labelNames.size() == MOST_LABELS) {
                        throw new CgloraException(
                                ErrorCode.D_LABEL,
                                target.toString(),
                                "more than " + MOST_LABELS + " different labels, such as " + name,
                                "\"columns\": {\"label\": ...} names the label's column; for"
                                        + " numbers, \"problem_type\": \"regression\" in the model"
                                        + " stage");
                    }
                    labelNames.add(name);
                    return labelNames.size() - 1;
                });
    }

    int rows() {
        return rows;
    }

    private void flush() throws IOException {
        tokenBuffer.flip();
        crc.update(tokenBuffer.duplicate());
        flushed += tokenBuffer.remaining();
        writeFully(tokenBuffer, tokens);
        tokenBuffer.clear();
    }

    private static void drain(ByteBuffer buffer, FileChannel to) throws IOException {
        buffer.flip();
        writeFully(buffer, to);
        buffer.clear();
    }

    private static void writeFully(ByteBuffer buffer, FileChannel to) throws IOException {
        while (buffer.hasRemaining()) {
            to.write(buffer);
        }
    }

    /// Puts the whole file in its place.
    void finish(List<SourceFile> files, List<TokenFile.Warning> warnings) throws IOException {
        flush();
        drain(indexBuffer, index);
        long indexStart = flushed;
        index.position(Long.BYTES);
        while (index.read(tokenBuffer) >= 0) {
            if (!tokenBuffer.hasRemaining()) {
                flush();
            }
        }
        flush();
        long summaryStart = flushed;
        var summary = new TokenFile.Summary(files, labelNames, pairs, largestId, warnings);
        ByteBuffer json = ByteBuffer.wrap(TokenFile.json(summary));
        crc.update(json.duplicate());
        writeFully(json, tokens);
        ByteBuffer footer = ByteBuffer.allocate(TokenFile.FOOTER).order(ByteOrder.LITTLE_ENDIAN);
        footer.putLong(indexStart).putLong(rows).putLong(summaryStart);
        footer.putLong(crc.getValue()).putLong(TokenFile.MAGIC).flip();
        writeFully(footer, tokens);
        tokens.force(true);
        tokens.close();
        Files.move(
                temporary,
                target,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        tokens.close();
        index.close();
        Files.deleteIfExists(temporary);
        Files.deleteIfExists(indexFile);
    }
}
