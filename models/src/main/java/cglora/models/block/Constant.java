package cglora.models.block;

import java.util.function.Supplier;

/// A table that a model computes with and that no checkpoint holds.
///
/// @param spec   its name and shape
/// @param values makes its elements
public record Constant(ParameterSpec spec, Supplier<float[]> values) {}
