package cglora.models.generation;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// What changes the scores of tokens before one is chosen, by the names and in the order that
/// transformers' `generate` has for the keys of `generation_config.json`. A token that may not
/// stand gets −∞.
///
/// @param encoderRepetitionPenalty divides what the model did not read, above 1; 1 for none
/// @param repetitionPenalty    holds back tokens that are in the text (Keskar et al., arXiv
///     1909.05858); 1 for none
/// @param noRepeatNgramSize    runs of so many tokens come once in the text; 0 for none
/// @param encoderNoRepeatNgramSize runs of so many that the model read do not come; 0 for none
/// @param badWords             runs of tokens that do not come
/// @param minLength            tokens of the text, what was given included, before it may end
/// @param minNewTokens         those that are written
/// @param forcedStart          what follows the first token of a text; null for nothing
/// @param forcedEnds           what stands where a text is as long as it may be
/// @param suppressed           tokens that do not come
/// @param suppressedAtBegin    nor as the first that is written
/// @param ends                 tokens that end a text
public record TokenRules(
        double encoderRepetitionPenalty,
        double repetitionPenalty,
        int noRepeatNgramSize,
        int encoderNoRepeatNgramSize,
        List<List<Integer>> badWords,
        int minLength,
        int minNewTokens,
        Integer forcedStart,
        Set<Integer> forcedEnds,
        Set<Integer> suppressed,
        Set<Integer> suppressedAtBegin,
        Set<Integer> ends) {
    /// Every token as the model gives it.
    public static final TokenRules NONE =
            new TokenRules(
                    1, 1, 0, 0, List.of(), 0, 0, null, Set.of(), Set.of(), Set.of(), Set.of());

    private static final float NEVER = Float.NEGATIVE_INFINITY;

    public TokenRules {
        badWords = badWords.stream().map(List::copyOf).toList();
        forcedEnds = Set.copyOf(forcedEnds);
        suppressed = Set.copyOf(suppressed);
        suppressedAtBegin = Set.copyOf(suppressedAtBegin);
        ends = Set.copyOf(ends);
    }

    /// A text that is being written.
    ///
    /// @param tokens those that were given and those that were written
    /// @param given  how many were given; one for an encoder–decoder model, which starts with it
    /// @param most   how many may be written
    /// @param source what the model reads: the prompt, or the encoder's tokens
    public record Text(int[] tokens, int given, int most, int[] source) {}

    /// Whether nothing is changed.
    public boolean isNone() {
        return equals(
                new TokenRules(
                        1, 1, 0, 0, List.of(), 0, 0, null, Set.of(), Set.of(), Set.of(), ends));
    }

    /// Changes the scores of the token that comes next.
    ///
    /// @param scores logits, or logarithms of probabilities, of the vocabulary from `at` on
    public void apply(float[] scores, int at, int vocabulary, Text text) {
        var all = new Scores(scores, at, vocabulary);
        int length = text.tokens().length;
        int written = length - text.given();
        if (encoderRepetitionPenalty != 1) {
            all.penalize(text.source(), 1 / encoderRepetitionPenalty);
        }
        if (repetitionPenalty != 1) {
            all.penalize(text.tokens(), repetitionPenalty);
        }
        if (noRepeatNgramSize > 0) {
            all.banRuns(text.tokens(), text.tokens(), noRepeatNgramSize);
        }
        if (encoderNoRepeatNgramSize > 0) {
            all.banRuns(text.source(), text.tokens(), encoderNoRepeatNgramSize);
        }
        badWords.forEach(word -> all.banEnd(word, text.tokens(), ends));
        if (length < minLength || written < minNewTokens) {
            all.ban(ends);
        }
        if (forcedStart != null && length == 1) {
            all.force(Set.of(forcedStart));
        }
        if (!forcedEnds.isEmpty() && length == text.given() + text.most() - 1) {
            all.force(forcedEnds);
        }
        all.ban(suppressed);
        int begin = text.given() > 1 || forcedStart == null ? text.given() : text.given() + 1;
        if (length == begin) {
            all.ban(suppressedAtBegin);
        }
    }

    /// Scores of one token's place.
    private record Scores(float[] values, int at, int vocabulary) {
        private void set(int token, float score) {
            if (token >= 0 && token < vocabulary) {
                values[at + token] = score;
            }
        }

        void ban(Set<Integer> tokens) {
            tokens.forEach(token -> set(token, NEVER));
        }

        void force(Set<Integer> tokens) {
            Arrays.fill(values, at, at + vocabulary, NEVER);
            tokens.forEach(token -> set(token, 0));
        }

        /// Each token once, however often it is there.
        void penalize(int[] tokens, double penalty) {
            var once = new TreeSet<Integer>();
            Arrays.stream(tokens).filter(t -> t >= 0 && t < vocabulary).forEach(once::add);
            for (int token : once) {
                float score = values[at + token];
                values[at + token] = score < 0 ? score * (float) penalty : score / (float) penalty;
            }
        }

        /// What would end a run of `size` tokens of `seen` behind the end of the text.
        void banRuns(int[] seen, int[] text, int size) {
            int before = size - 1;
            if (text.length < before) {
                return;
            }
            int tail = text.length - before;
            for (int from = 0; from + size <= seen.length; from++) {
                if (Arrays.equals(seen, from, from + before, text, tail, text.length)) {
                    set(seen[from + before], NEVER);
                }
            }
        }

        void banEnd(List<Integer> word, int[] text, Set<Integer> ends) {
            int before = word.size() - 1;
            if (before == 0 && ends.contains(word.getFirst()) || before > text.length) {
                return;
            }
            for (int i = 0; i < before; i++) {
                if (text[text.length - before + i] != word.get(i)) {
                    return;
                }
            }
            set(word.getLast(), NEVER);
        }
    }
}
