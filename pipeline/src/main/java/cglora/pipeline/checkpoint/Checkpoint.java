package cglora.pipeline.checkpoint;

import java.nio.file.Path;

/// A checkpoint whose files are what they were when they were written.
///
/// @param path     its folder
/// @param manifest what it says
public record Checkpoint(Path path, Manifest manifest) {
    /// What its step is.
    public int step() {
        return manifest.position().step();
    }

    /// A file of it.
    public Path file(String name) {
        return path.resolve(name);
    }
}
