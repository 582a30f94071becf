package cglora.models.block;

import cglora.models.graph.Tensor;

/// Padded sequences of tokens as a graph sees them.
///
/// @param batch   sequences
/// @param width   positions a sequence is padded to
/// @param words   [batch · width], int
/// @param lengths [batch], int: real tokens of each sequence
public record Sequences(int batch, int width, Tensor words, Tensor lengths) {}
