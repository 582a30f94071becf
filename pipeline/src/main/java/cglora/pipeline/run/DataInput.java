package cglora.pipeline.run;

import cglora.models.data.Dataset;
import cglora.models.data.Packing;
import cglora.pipeline.spec.DataSpec;

/// What one data stage gives. Where something was wrong with its files, all but `spec` may be null.
///
/// @param examples   the rows
/// @param train      the rows as tokens
/// @param validation may be empty
/// @param test       may be empty
/// @param packing    of the training examples; null where each has a row of its own
record DataInput(
        DataSpec spec,
        Examples examples,
        Dataset train,
        Dataset validation,
        Dataset test,
        Packing packing) {}
