package cglora.models.data;

import cglora.models.chat.Conversation;

/// One row of a data file.
///
/// @param text     the text
/// @param textPair the second text of a pair; null for none
/// @param label    the label as the file has it; null where there is none
/// @param line     the line of the file
/// @param conversation that the text is in JSON; null for none
/// @param words    that the text is, with spaces between them; null for none
public record RawExample(
        String text,
        String textPair,
        String label,
        long line,
        Conversation conversation,
        TaggedWords words) {
    /// Texts.
    public RawExample(String text, String textPair, String label, long line) {
        this(text, textPair, label, line, null, null);
    }

    /// A conversation.
    public RawExample(Conversation conversation, long line) {
        this(conversation.json(), null, "", line, conversation, null);
    }

    /// Words, with their tags or without.
    public RawExample(TaggedWords words, long line) {
        this(String.join(" ", words.words()), null, "", line, null, words);
    }
}
