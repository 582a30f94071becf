package cglora.pipeline.spec;

import java.util.List;

/// A setting that takes several values in a grid.
///
/// @param path   as in `--set`: `train.learning_rate`
/// @param values as JSON values
/// @param texts  the values as they were written
public record GridAxis(String path, List<Object> values, List<String> texts) {
    public GridAxis {
        values = List.copyOf(values);
        texts = List.copyOf(texts);
    }
}
