package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/// The usable rows of a source, one after the other, as the files have them: what splits are cut
/// from. Texts are in memory, or have become tokens in a mapped file.
public sealed interface Rows extends AutoCloseable permits TextRows, CachedRows {
    int size();

    /// The labels that occur, in the order in which they first do; of tagged words their tags;
    /// empty for regression.
    List<String> labels();

    /// The place in [#labels] of a row's label; 0 for tagged words.
    int label(int row);

    /// The number that a row's label stands for, NaN for none; for regression only.
    float target(int row);

    /// The line of the row's file.
    long line(int row);

    /// The file of a row; empty where the rows come from elsewhere.
    Optional<String> file(int row);

    /// A fingerprint of the row's texts: rows of the same texts have the same.
    long textHash(int row);

    /// Whether any row has two texts.
    boolean hasPairs();

    /// How many of some rows hold the text of a special token.
    int specialTexts(int[] rows, Tokenizer tokenizer);

    /// The tokens of some rows, cut to `maxLength`. Cached rows have been cut before.
    TokenList tokens(int[] rows, Tokenizer tokenizer, int maxLength);

    /// The words of some rows as tokens, cut to `maxLength`; for tagged words only.
    Sentences sentences(int[] rows, Tokenizer tokenizer, int maxLength);

    /// Some rows with the answers that a model is to write. Cached rows have been made before.
    Continuations continuations(int[] rows, Answering answering);

    /// Whether any row is a conversation.
    boolean hasConversations();

    /// The place in [#labels] of the tag of each word of a row, -1 for none; for tagged words only.
    int[] tags(int row);

    /// The line of a word of a row.
    long line(int row, int word);

    /// Where tokens are kept, for the record; empty where they are in memory.
    Optional<String> origin();

    /// Bytes of the mapped file that they are kept in; 0 where they are in memory.
    long mappedBytes();

    /// What makes two rows the same to a model: FNV-1a over both texts' characters, mixed.
    static long hash(String text, String pair) {
        long hash = 0xcbf29ce484222325L;
        hash = hash(hash, text);
        hash = (hash ^ 0x10000) * 0x100000001b3L; // no character: the texts' border
        hash = pair == null ? hash * 0x100000001b3L : hash(hash ^ 0x20000, pair);
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
        return hash ^ hash >>> 33;
    }

    private static long hash(long start, String text) {
        long hash = start;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    @Override
    void close();
}
