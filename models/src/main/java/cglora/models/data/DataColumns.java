package cglora.models.data;

import cglora.models.chat.Conversation;
import java.util.Set;
import java.util.TreeSet;

/// Which columns hold what: a name of the header or, without a header, a number from 0. Null for
/// finding out.
///
/// @param textPair [#NONE] for none, whatever there is
/// @param target   the text that a model is to write; only looked at where it `writes`
/// @param writes   whether an answer is a text, in the target's column or the label's
/// @param messages conversations; only looked at where rows may be `chats`
/// @param chats    whether rows may be conversations
/// @param words    where rows may be lists of words; null where they are none
public record DataColumns(
        String text,
        String textPair,
        String label,
        String target,
        boolean writes,
        String messages,
        boolean chats,
        WordColumns words) {
    /// An answer is a class or a number.
    public DataColumns(String text, String textPair, String label) {
        this(text, textPair, label, null, false, null, false, null);
    }

    /// An answer is a text.
    public DataColumns(
            String text,
            String textPair,
            String label,
            String target,
            boolean writes,
            String messages,
            boolean chats) {
        this(text, textPair, label, target, writes, messages, chats, null);
    }

    /// Rows are lists of words.
    public static DataColumns of(WordColumns words) {
        return new DataColumns(null, null, null, null, false, null, false, words);
    }

    /// A text, a conversation or a list of words, and no answer.
    public static DataColumns asked(String text, String textPair) {
        boolean open = text == null;
        WordColumns words = open ? WordColumns.IF_THERE : null;
        return new DataColumns(text, textPair, null, null, false, null, open, words);
    }

    /// In the place of a second text's column: there is to be none.
    public static final String NONE = "";

    public static final DataColumns AUTO = new DataColumns(null, null, null);

    /// The column that holds conversations where there is one; null where there are none.
    String conversations() {
        return !chats ? null : messages == null ? Conversation.COLUMN : messages;
    }

    /// Columns whose lists are kept, as JSON.
    Set<String> lists() {
        var lists = new TreeSet<String>(words == null ? Set.of() : words.lists());
        if (conversations() != null) {
            lists.add(conversations());
        }
        return lists;
    }
}
