package cglora.models.data;

import cglora.models.chat.Conversation;

/// Which columns hold what: a name of the header or, without a header, a number from 0. Null for
/// finding out.
///
/// @param target   the text that a model is to write; only looked at where it `writes`
/// @param writes   whether an answer is a text, in the target's column or the label's
/// @param messages conversations; only looked at where rows may be `chats`
/// @param chats    whether rows may be conversations
public record DataColumns(
        String text,
        String textPair,
        String label,
        String target,
        boolean writes,
        String messages,
        boolean chats) {
    /// An answer is a class or a number.
    public DataColumns(String text, String textPair, String label) {
        this(text, textPair, label, null, false, null, false);
    }

    /// A text or a conversation, and no answer.
    public static DataColumns asked(String text) {
        return new DataColumns(text, null, null, null, false, null, text == null);
    }

    public static final DataColumns AUTO = new DataColumns(null, null, null);

    /// The column that holds conversations where there is one; null where there are none.
    String conversations() {
        return !chats ? null : messages == null ? Conversation.COLUMN : messages;
    }
}
