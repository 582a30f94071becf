package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/// The words of a sentence as tokens. A word is known by its first token, or by the first that is
/// left of it.
///
/// @param tokens the sentence's
/// @param words  of each token the word that it belongs to, -1 for none
public record WordTokens(Tokens tokens, int[] words) {
    /// @param maxLength tokens at most: words behind them have none
    public static WordTokens of(List<String> words, Tokenizer tokenizer, int maxLength) {
        Tokenizer.Words encoded = tokenizer.encode(words, maxLength);
        return new WordTokens(encoded.tokens(), encoded.words());
    }

    /// Whether a word begins with this token.
    private boolean begins(int token) {
        return words[token] >= 0 && (token == 0 || words[token] != words[token - 1]);
    }

    /// How many words have a token.
    public int count() {
        return known().length;
    }

    /// The words that have a token, in their order.
    public int[] known() {
        int[] known = new int[words.length];
        int count = 0;
        for (int i = 0; i < words.length; i++) {
            if (begins(i)) {
                known[count++] = words[i];
            }
        }
        return Arrays.copyOf(known, count);
    }

    /// What is asked for at each token: at the first one of a word its tag, -1 for none.
    ///
    /// @param tags   one a word, -1 for none
    /// @param inside of each tag the one that the further tokens of its word have; null where
    ///     these have none
    int[] answer(int[] tags, int[] inside) {
        int[] answer = new int[words.length];
        for (int i = 0; i < words.length; i++) {
            int tag = words[i] < 0 ? -1 : tags[words[i]];
            boolean first = begins(i);
            answer[i] = first || tag < 0 ? tag : inside == null ? -1 : inside[tag];
        }
        return answer;
    }

    /// Sentences with what is asked for at each token.
    ///
    /// @param sentences made anew each time where they are in a file; so are the answers
    /// @param tags      of each sentence, one a word
    /// @param inside    as in [#answer]
    public static Dataset dataset(Sentences sentences, List<int[]> tags, int[] inside) {
        TokenList tokens = sentences.tokens();
        var answers = new Answers(sentences, tags, inside);
        int size = sentences.size();
        int longest = 0;
        int cut = 0;
        for (int i = 0; i < size; i++) {
            longest = Math.max(longest, tokens.fullLength(i));
            cut += tokens.fullLength(i) > tokens.length(i) ? 1 : 0;
        }
        return new Dataset(
                tokens,
                new int[size],
                new float[size],
                sentences.isInMemory() ? List.copyOf(answers) : answers,
                cut,
                longest);
    }

    /// Sentences all of whose words are asked for.
    ///
    /// @param sizes words of each sentence
    public static Dataset asked(List<WordTokens> sentences, List<Integer> sizes) {
        return dataset(
                Sentences.of(sentences), sizes.stream().map(size -> new int[size]).toList(), null);
    }

    /// What is asked for, computed when it is looked at.
    private static final class Answers extends AbstractList<int[]> implements RandomAccess {
        private final Sentences sentences;
        private final List<int[]> tags;
        private final int[] inside;

        Answers(Sentences sentences, List<int[]> tags, int[] inside) {
            this.sentences = sentences;
            this.tags = tags;
            this.inside = inside;
        }

        @Override
        public int[] get(int sentence) {
            return sentences.get(sentence).answer(tags.get(sentence), inside);
        }

        @Override
        public int size() {
            return sentences.size();
        }
    }
}
