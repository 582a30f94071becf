package cglora.pipeline.spec;

/// A part of a data stage, in the file `validation` for the first stage's and `other.test` for that
/// of the stage `other`.
///
/// @param stage id of the data stage; null for the first
/// @param split the part
public record DataSplit(String stage, EvaluateSpec.Split split) {
    /// As the file has it.
    public String name() {
        return stage == null ? split.jsonName() : stage + "." + split.jsonName();
    }
}
