package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Rows whose tokens are in a mapped file.
final class CachedRows implements Rows {
    private final TokenFile file;
    private final List<SourceFile> files;
    private final int maxLength;
    private final String origin;

    /// @param files     the source's own, which may have other names than when they were cached
    /// @param maxLength where the tokens were cut
    /// @param origin    what is shown of where they are
    CachedRows(TokenFile file, List<SourceFile> files, int maxLength, String origin) {
        this.file = file;
        this.files = files;
        this.maxLength = maxLength;
        this.origin = origin;
    }

    @Override
    public int size() {
        return file.size();
    }

    @Override
    public List<String> labels() {
        return file.summary().labels();
    }

    @Override
    public int label(int row) {
        return file.label(row);
    }

    @Override
    public float target(int row) {
        return Float.intBitsToFloat(file.label(row));
    }

    @Override
    public long line(int row) {
        return file.line(row);
    }

    @Override
    public Optional<String> file(int row) {
        return Optional.of(files.get(file.file(row)).path());
    }

    @Override
    public long textHash(int row) {
        return file.hash(row);
    }

    @Override
    public boolean hasPairs() {
        return file.summary().pairs();
    }

    @Override
    public int specialTexts(int[] rows, Tokenizer tokenizer) {
        return (int) Arrays.stream(rows).filter(file::isSpecial).count();
    }

    @Override
    public TokenList tokens(int[] rows, Tokenizer tokenizer, int length) {
        if (length != maxLength) {
            throw new IllegalArgumentException(
                    "tokens were cut to " + maxLength + ", asked for " + length);
        }
        return file.select(rows);
    }

    @Override
    public Sentences sentences(int[] rows, Tokenizer tokenizer, int length) {
        TokenList tokens = tokens(rows, tokenizer, length);
        int[] places = rows.clone();
        return Sentences.read(tokens, i -> new WordTokens(tokens.get(i), file.words(places[i])));
    }

    @Override
    public Continuations continuations(int[] rows, Answering answering) {
        return Continuations.read(file, rows);
    }

    @Override
    public boolean hasConversations() {
        return file.summary().chats();
    }

    @Override
    public int[] tags(int row) {
        return file.tags(row);
    }

    @Override
    public long line(int row, int word) {
        return file.hasLines(row) ? file.line(row) + word : file.line(row);
    }

    @Override
    public long mappedBytes() {
        return file.bytes();
    }

    @Override
    public Optional<String> origin() {
        return Optional.of(origin);
    }

    @Override
    public void close() {
        file.close();
    }
}
