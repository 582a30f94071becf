package cglora.pipeline.run;

import cglora.models.adapter.Need;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.HeadWarmup;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import cglora.pipeline.spec.TargetModules;
import java.util.List;
import java.util.Set;

/// The settings on which the results of a run's first stages depend: where two runs have an equal
/// key, they have the same bits. Each holds the one before it.
///
/// @param data       of the model's headers and the tokens
/// @param head       of the warmed-up head
/// @param statistics of what calibration gathers; null where nothing is gathered
/// @param start      of the adapter's first values; null where there is no adapter
record CellKeys(DataKey data, HeadKey head, StatisticsKey statistics, StartKey start) {
    record DataKey(ModelSpec model, List<DataSpec> data, long seed) {}

    /// The data stages that take part.
    static List<DataSpec> dataStages(PipelineSpec spec) {
        return spec.stages().stream()
                .filter(StageSpec::when)
                .filter(DataSpec.class::isInstance)
                .map(DataSpec.class::cast)
                .toList();
    }

    /// @param warmup null for no adapter
    record HeadKey(DataKey data, HeadWarmup warmup) {}

    record StatisticsKey(
            HeadKey head,
            CalibrateSpec calibrate,
            Set<Need> needs,
            TargetModules target,
            TargetModules exclude) {}

    /// @param calibrate null for none
    record StartKey(HeadKey head, CalibrateSpec calibrate, AdapterSpec adapter) {}

    static CellKeys of(PipelineSpec spec) {
        ModelSpec model = null;
        CalibrateSpec calibrate = null;
        AdapterSpec adapter = null;
        for (StageSpec stage : spec.stages().stream().filter(StageSpec::when).toList()) {
            switch (stage) {
                case ModelSpec found -> model = found;
                case CalibrateSpec found -> calibrate = found;
                case AdapterSpec found -> adapter = found;
                default -> {}
            }
        }
        var data = new DataKey(model, dataStages(spec), spec.seed());
        var head = new HeadKey(data, adapter == null ? null : adapter.headWarmup());
        boolean adapted = adapter != null && adapter.method() != AdapterSpec.Method.FULL;
        boolean gathers =
                calibrate != null
                        && adapted
                        && adapter.initializes()
                        && adapter.method().isCalibrated();
        return new CellKeys(
                data,
                head,
                gathers
                        ? new StatisticsKey(
                                head,
                                calibrate,
                                Initializers.needs(adapter),
                                adapter.targetModules(),
                                adapter.excludeModules())
                        : null,
                adapted ? new StartKey(head, calibrate, adapter) : null);
    }
}
