package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.Arrays;

/// A prompt and the answer behind it as one sequence of tokens, the end token behind both. The text
/// is tokenised as a whole; what it has in common with the prompt's own tokens is not asked for, as
/// TRL does it.
///
/// @param tokens      the sequence
/// @param answer      the end of it that is asked for; -1 where a token is not
/// @param isAnswerCut whether the answer has lost its end
public record Continuation(Tokens tokens, int[] answer, boolean isAnswerCut) {
    /// @param prompt    may be empty
    /// @param end       token behind the answer; negative for none
    /// @param maxLength tokens at most; a prompt that is too long loses its beginning, but for a
    ///     token that begins every text; where that is not enough, the answer loses its end
    /// @param maxAnswer tokens of the answer at most, the end token among them
    public static Continuation of(
            String prompt,
            String answer,
            Tokenizer tokenizer,
            int end,
            int maxLength,
            int maxAnswer) {
        int[] text = tokenizer.encode(prompt + answer, null, Integer.MAX_VALUE).inputIds();
        int[] own = tokenizer.encode(prompt, null, Integer.MAX_VALUE).inputIds();
        int same = 0;
        while (same < Math.min(own.length, text.length - 1) && own[same] == text[same]) {
            same++;
        }
        same = Math.max(same, 1); // the first token has none in front of it
        int[] ids = end < 0 ? text : Arrays.copyOf(text, text.length + 1);
        if (end >= 0) {
            ids[text.length] = end;
        }
        int whole = Math.min(ids.length, same + maxAnswer);
        int first = beginsWithSpecial(tokenizer, ids) ? 1 : 0;
        int dropped = Math.min(Math.max(0, whole - maxLength), Math.max(0, same - 1 - first));
        int[] kept = new int[Math.min(whole - dropped, maxLength)];
        System.arraycopy(ids, 0, kept, 0, first);
        System.arraycopy(ids, first + dropped, kept, first, kept.length - first);
        return new Continuation(
                new Tokens(kept, new int[kept.length], ids.length),
                Arrays.copyOfRange(kept, same - dropped, kept.length),
                kept.length + dropped < ids.length);
    }

    /// A prompt alone, cut at its beginning in the same way.
    public static Tokens prompt(String prompt, Tokenizer tokenizer, int maxLength) {
        int[] ids = tokenizer.encode(prompt, null, Integer.MAX_VALUE).inputIds();
        int first = beginsWithSpecial(tokenizer, ids) ? 1 : 0;
        int dropped = Math.max(0, ids.length - maxLength);
        int[] kept = new int[ids.length - dropped];
        System.arraycopy(ids, 0, kept, 0, Math.min(first, kept.length));
        System.arraycopy(ids, first + dropped, kept, first, kept.length - first);
        return new Tokens(kept, new int[kept.length], ids.length);
    }

    /// Whether the tokenizer puts a token in front of every text: it is then that of the empty
    /// text, too.
    private static boolean beginsWithSpecial(Tokenizer tokenizer, int[] ids) {
        int[] empty = tokenizer.encode("", null, Integer.MAX_VALUE).inputIds();
        return empty.length > 0 && ids.length > 0 && empty[0] == ids[0];
    }
}
