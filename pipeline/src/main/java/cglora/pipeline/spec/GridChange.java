package cglora.pipeline.spec;

/// What a cell of a grid sets.
///
/// @param origin of the axis, for messages about the path
/// @param path   as in `--set`
/// @param value  its own origin is where it was written
/// @param text   of the value
record GridChange(Origin origin, String path, JsonValue value, String text) {}
