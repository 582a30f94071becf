package cglora.models.data;

/// A file of a source and its first row among those of all files.
record SourceFile(String path, int firstRow) {}
