package cglora.models.data;

/// One row of a data file.
///
/// @param text     the text
/// @param textPair the second text of a pair; null for none
/// @param label    the label as the file has it; null where there is none
/// @param line     the line of the file
public record RawExample(String text, String textPair, String label, long line) {}
