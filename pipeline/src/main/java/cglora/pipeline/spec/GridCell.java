package cglora.pipeline.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One run of a grid.
///
/// @param name    of its folder: `method=lora,seed=1`
/// @param values  of the axes, by path
/// @param reading its whole pipeline
public record GridCell(String name, Map<String, Object> values, PipelineReading reading) {
    public GridCell {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }
}
