package cglora.models.data;

/// Whose tokens pass through a layer: each row of its input is one of them.
public enum TokenStream {
    /// What the model reads; for a decoder alone the prompt with the answer behind it.
    SOURCE,
    /// What the decoder behind an encoder writes.
    TARGET,
    /// No tokens: one row an example, behind the pooling.
    EXAMPLES
}
