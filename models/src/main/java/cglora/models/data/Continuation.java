package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.Arrays;

/// A prompt and the answer behind it as one sequence of tokens, the end token behind both. The text
/// is tokenised as a whole; what it has in common with the prompt's own tokens is not asked for, as
/// TRL does it.
///
/// @param tokens the sequence
/// @param answer the end of it that is asked for
public record Continuation(Tokens tokens, int[] answer) {
    /// @param prompt    may be empty
    /// @param end       token behind the answer; negative for none
    /// @param maxLength tokens at most; a longer prompt loses its beginning, but for a token that
    ///     begins every text; where that is not enough, the answer loses its end
    public static Continuation of(
            String prompt, String answer, Tokenizer tokenizer, int end, int maxLength) {
        int[] whole = tokenizer.encode(prompt + answer, null, Integer.MAX_VALUE).inputIds();
        int[] own = tokenizer.encode(prompt, null, Integer.MAX_VALUE).inputIds();
        int same = 0;
        while (same < Math.min(own.length, whole.length - 1) && own[same] == whole[same]) {
            same++;
        }
        int[] ids = whole;
        if (end >= 0) {
            ids = Arrays.copyOf(whole, whole.length + 1);
            ids[whole.length] = end;
        }
        int full = ids.length;
        same = Math.max(same, 1);
        int excess = Math.max(0, full - maxLength);
        int first = firstIsSpecial(tokenizer, ids) ? 1 : 0;
        int dropped = Math.min(excess, Math.max(0, same - 1 - first));
        int[] kept = new int[Math.min(full - dropped, maxLength)];
        System.arraycopy(ids, 0, kept, 0, first);
        System.arraycopy(ids, first + dropped, kept, first, kept.length - first);
        return new Continuation(
                new Tokens(kept, new int[kept.length], full),
                Arrays.copyOfRange(kept, same - dropped, kept.length));
    }

    /// Whether the tokenizer puts a token in front of every text, which is then the first one of
    /// the empty text, too.
    private static boolean firstIsSpecial(Tokenizer tokenizer, int[] ids) {
        int[] empty = tokenizer.encode("", null, Integer.MAX_VALUE).inputIds();
        return empty.length > 0 && ids.length > 0 && empty[0] == ids[0];
    }
}
