package cglora.models.data;

/// How a row becomes what a model reads and what it is to write. Asked from several threads.
public interface Answering {
    /// @param where the row's file and line, for messages
    /// @throws cglora.kernels.error.CgloraException T-CHAT or D-CHAT for a conversation that cannot
    ///     be written
    Continuation of(RawExample example, String where);

    /// Whether labels are kept beside the tokens: they stand for words, and may be unknown.
    boolean keepsLabels();

    /// A text that tells all apart, beside the tokenizer and its limit, that gives other tokens.
    String identity();
}
