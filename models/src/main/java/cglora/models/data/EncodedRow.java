package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;

/// A row as tokens, on its way into a token file.
///
/// @param hash    of its texts
/// @param special whether it holds the text of a special token
record EncodedRow(Tokens tokens, long hash, boolean special, RawExample example) {
    static EncodedRow of(RawExample example, Tokenizer tokenizer, int maxLength) {
        String text = example.text();
        String pair = example.textPair();
        return new EncodedRow(
                tokenizer.encode(text, pair, maxLength),
                Rows.hash(text, pair),
                tokenizer.holdsSpecialToken(text) || tokenizer.holdsSpecialToken(pair),
                new RawExample("", pair == null ? null : "", example.label(), example.line()));
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
