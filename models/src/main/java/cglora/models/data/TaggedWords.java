package cglora.models.data;

import java.util.List;

/// The words of a sentence, each with its tag.
///
/// @param words    in their order, not empty
/// @param tags     one a word, a name or a number as the file has it, [#IGNORED] for none; empty
///     where nothing is tagged
/// @param hasLines whether each word stands on a line of its own
public record TaggedWords(List<String> words, List<String> tags, boolean hasLines) {
    /// The number of a tag that no loss asks for, as transformers and its data sets have it.
    public static final String IGNORED = "-100";

    public TaggedWords {
        words = List.copyOf(words);
        tags = List.copyOf(tags);
        if (words.isEmpty() || !tags.isEmpty() && tags.size() != words.size()) {
            throw new IllegalArgumentException(words.size() + " words, " + tags.size() + " tags");
        }
    }

    /// Words without tags.
    public static TaggedWords of(List<String> words) {
        return new TaggedWords(words, List.of(), false);
    }

    /// The words of a text, which white space divides.
    public static TaggedWords split(String text) {
        return of(List.of(text.strip().split("\\s+")));
    }

    /// The line of a word.
    ///
    /// @param first that of the sentence
    long line(long first, int word) {
        return hasLines ? first + word : first;
    }
}
