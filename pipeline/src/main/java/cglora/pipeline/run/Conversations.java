package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.RawExample;
import java.util.List;

/// Conversations, and lists of words, among rows.
final class Conversations {
    private Conversations() {}

    /// @param model what is asked
    /// @throws CgloraException D-TEXT where a row is a list of words
    static void refuseWords(List<RawExample> rows, String model) {
        for (RawExample row : rows) {
            if (row.words() != null) {
                throw new CgloraException(
                        ErrorCode.D_TEXT,
                        "line " + row.line(),
                        "is a list of words, which " + model + " does not read",
                        "give it texts, in a column 'text'");
            }
        }
    }

    /// @param model what is asked
    /// @throws CgloraException D-CHAT where a row is one
    static void refuse(List<RawExample> rows, String model) {
        for (RawExample row : rows) {
            if (row.conversation() != null) {
                throw new CgloraException(
                        ErrorCode.D_CHAT,
                        "line " + row.line(),
                        "is a conversation, which " + model + " does not read",
                        "name the column of the text with --column");
            }
        }
    }
}
