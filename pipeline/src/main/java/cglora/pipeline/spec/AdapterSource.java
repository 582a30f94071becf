package cglora.pipeline.spec;

/// Where a stage takes an adapter from that is not the newest one.
///
/// @param stage  id of an adapter or train stage before it; null where there is a folder
/// @param folder of a run, an adapter or a tuned model; null where there is a stage
public record AdapterSource(String stage, String folder) {
    /// What looks like a path is one: ids of stages have no `/` in them.
    static boolean isFolder(String text) {
        return text.contains("/") || text.startsWith(".");
    }
}
