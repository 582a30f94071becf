package cglora.models.training;

/// How a sequence becomes one vector.
public enum Pooling {
    /// The mean over the real tokens.
    MEAN,
    /// The first token's vector, as families without a pooler do.
    CLS,
    /// The last real token's vector, as families do whose tokens see only what is in front.
    LAST,
    /// The first token's vector through the model's dense layer and tanh, as
    /// `BertForSequenceClassification` does.
    POOLER
}
