package cglora.pipeline.spec;

import java.nio.file.Path;
import java.util.List;

/// A pipeline file with all runs that a grid makes of it.
///
/// @param file  where it was read
/// @param axes  empty where there is no grid
/// @param cells the cross product, the last axis running fastest; one where there is no grid
public record GridReading(Path file, List<GridAxis> axes, List<GridCell> cells) {
    public GridReading {
        axes = List.copyOf(axes);
        cells = List.copyOf(cells);
    }

    public boolean isGrid() {
        return !axes.isEmpty();
    }

    /// The first cell: without a grid the pipeline itself.
    public PipelineReading first() {
        return cells.getFirst().reading();
    }
}
