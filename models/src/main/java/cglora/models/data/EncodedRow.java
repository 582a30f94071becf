package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;

/// A row as tokens, on its way into a token file.
///
/// @param words   of each token its word, -1 for none; null for a row of texts
/// @param hash    of its texts
/// @param special whether it holds the text of a special token
record EncodedRow(Tokens tokens, int[] words, long hash, boolean special, RawExample example) {
    static EncodedRow of(RawExample example, Tokenizer tokenizer, int maxLength) {
        String text = example.text();
        String pair = example.textPair();
        WordTokens words =
                example.words() == null
                        ? null
                        : WordTokens.of(example.words().words(), tokenizer, maxLength);
        return new EncodedRow(
                words == null ? tokenizer.encode(text, pair, maxLength) : words.tokens(),
                words == null ? null : words.words(),
                Rows.hash(text, pair),
                tokenizer.holdsSpecialToken(text) || tokenizer.holdsSpecialToken(pair),
                new RawExample(
                        "",
                        pair == null ? null : "",
                        example.label(),
                        example.line(),
                        null,
                        example.words()));
    }

    /// How many tokens of type 0 come first.
    ///
    /// @return -1 where the types are not zeros and then ones
    int zeros() {
        int[] types = tokens.tokenTypeIds();
        int zeros = 0;
        while (zeros < types.length && types[zeros] == 0) {
            zeros++;
        }
        for (int i = zeros; i < types.length; i++) {
            if (types[i] != 1) {
                return -1;
            }
        }
        return zeros;
    }
}
