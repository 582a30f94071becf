package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;

/// A row as tokens, on its way into a token file.
///
/// @param words       of each token its word, -1 for none; null for a row of texts
/// @param answer      that a model is to write, as in [Continuation]; null where there is none
/// @param isAnswerCut whether it has lost its end
/// @param isChat      whether it is a conversation
/// @param hash        of its texts
/// @param special     whether it holds the text of a special token
/// @param example     without its texts; the label null where it is not kept
record EncodedRow(
        Tokens tokens,
        int[] words,
        int[] answer,
        boolean isAnswerCut,
        boolean isChat,
        long hash,
        boolean special,
        RawExample example) {
    /// @param where the row's file and line, for messages
    static EncodedRow of(RawExample example, RowReader.Encoding encoding, String where) {
        Tokenizer tokenizer = encoding.tokenizer();
        if (encoding.answering() != null) {
            Continuation made = encoding.answering().of(example, where);
            return of(example, made.tokens(), null, made, encoding);
        }
        if (example.words() != null) {
            var words = WordTokens.of(example.words().words(), tokenizer, encoding.maxLength());
            return of(example, words.tokens(), words.words(), null, encoding);
        }
        Tokens tokens = tokenizer.encode(example.text(), example.textPair(), encoding.maxLength());
        return of(example, tokens, null, null, encoding);
    }

    private static EncodedRow of(
            RawExample example,
            Tokens tokens,
            int[] words,
            Continuation answer,
            RowReader.Encoding encoding) {
        Tokenizer tokenizer = encoding.tokenizer();
        String pair = example.textPair();
        return new EncodedRow(
                tokens,
                words,
                answer == null ? null : answer.answer(),
                answer != null && answer.isAnswerCut(),
                example.conversation() != null,
                Rows.hash(example.text(), pair),
                tokenizer.holdsSpecialToken(example.text()) || tokenizer.holdsSpecialToken(pair),
                new RawExample(
                        "",
                        pair == null ? null : "",
                        encoding.keepsLabels() ? example.label() : null,
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
