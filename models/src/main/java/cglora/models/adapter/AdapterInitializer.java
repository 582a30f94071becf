package cglora.models.adapter;

import java.util.Set;

/// How the factors of one layer start.
///
/// Pure: calibration gathers the union of all [#needs] in one pass and hands the statistics
/// over as a value; nothing is left on a layer.
public sealed interface AdapterInitializer
        permits LoraInitializer,
                CgLoraInitializer,
                PissaInitializer,
                OloraInitializer,
                LoraGaInitializer,
                LoraOneInitializer,
                EvaInitializer,
                StableScale {
    /// The statistics that [#initialize] reads.
    Set<Need> needs();

    /// @param shape      of the layer
    /// @param statistics at least what [#needs] names
    /// @param seed       of this layer: the caller gives every layer its own
    /// @throws IllegalStateException when a statistic is missing
    /// @throws cglora.kernels.error.CgloraException N-STATISTICS, N-DAMPING, naming the module
    LoraFactors initialize(LayerShape shape, LayerStatistics statistics, long seed);
}
