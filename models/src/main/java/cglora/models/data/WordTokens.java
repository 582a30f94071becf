package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The words of a sentence as tokens. A word is known by its first token: that one has its tag,
/// as in transformers' example of token classification, and the rest of its tokens and the
/// special ones have none.
///
/// @param tokens the sentence's
/// @param words  of each token the word that begins with it, -1 for none
public record WordTokens(Tokens tokens, int[] words) {
    /// @param maxLength tokens at most: words behind them have none
    public static WordTokens of(List<String> words, Tokenizer tokenizer, int maxLength) {
        Tokenizer.Words encoded = tokenizer.encode(words, maxLength);
        int[] first = encoded.words().clone();
        for (int i = first.length - 1; i > 0; i--) {
            // a word whose beginning has been cut off begins where it is left
            first[i] = first[i] == first[i - 1] ? -1 : first[i];
        }
        return new WordTokens(encoded.tokens(), first);
    }

    /// How many words have a token.
    public int count() {
        return (int) Arrays.stream(words).filter(word -> word >= 0).count();
    }

    /// The words that have a token, in their order.
    public int[] known() {
        return Arrays.stream(words).filter(word -> word >= 0).toArray();
    }

    /// What is asked for at each token: its word's tag, -1 for none.
    ///
    /// @param tags one a word, -1 for none
    int[] answer(int[] tags) {
        return Arrays.stream(words).map(word -> word < 0 ? -1 : tags[word]).toArray();
    }

    /// Sentences with what is asked for at each token.
    ///
    /// @param tags of each sentence, one a word
    public static Dataset dataset(List<WordTokens> sentences, List<int[]> tags) {
        List<Tokens> tokens = sentences.stream().map(WordTokens::tokens).toList();
        var answers = new ArrayList<int[]>();
        for (int i = 0; i < sentences.size(); i++) {
            answers.add(sentences.get(i).answer(tags.get(i)));
        }
        int size = sentences.size();
        int longest = tokens.stream().mapToInt(Tokens::fullLength).max().orElse(0);
        int cut = (int) tokens.stream().filter(t -> t.fullLength() > t.inputIds().length).count();
        return new Dataset(tokens, new int[size], new float[size], cut, longest)
                .answeredBy(answers);
    }

    /// Sentences all of whose words are asked for.
    ///
    /// @param sizes words of each sentence
    public static Dataset asked(List<WordTokens> sentences, List<Integer> sizes) {
        return dataset(sentences, sizes.stream().map(size -> new int[size]).toList());
    }
}
