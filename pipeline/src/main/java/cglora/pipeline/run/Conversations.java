package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.RawExample;
import java.util.List;

/// Conversations among rows.
final class Conversations {
    private Conversations() {}

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
