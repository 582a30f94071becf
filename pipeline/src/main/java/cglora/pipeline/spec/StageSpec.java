package cglora.pipeline.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One stage of a pipeline.
public sealed interface StageSpec
        permits ModelSpec,
                DataSpec,
                CalibrateSpec,
                AdapterSpec,
                AlignSpec,
                TrainSpec,
                EvaluateSpec,
                ExportSpec {
    /// The stages by the name that the file gives in `stage`, in their usual order.
    Map<String, Class<? extends StageSpec>> TYPES = types();

    /// Name in paths and references; the stage's name where the file gives none.
    String id();

    /// Whether the stage takes part.
    boolean when();

    /// The value of `stage` in the file.
    String stage();

    private static Map<String, Class<? extends StageSpec>> types() {
        var types = new LinkedHashMap<String, Class<? extends StageSpec>>();
        types.put(ModelSpec.STAGE, ModelSpec.class);
        types.put(DataSpec.STAGE, DataSpec.class);
        types.put(CalibrateSpec.STAGE, CalibrateSpec.class);
        types.put(AdapterSpec.STAGE, AdapterSpec.class);
        types.put(AlignSpec.STAGE, AlignSpec.class);
        types.put(TrainSpec.STAGE, TrainSpec.class);
        types.put(EvaluateSpec.STAGE, EvaluateSpec.class);
        types.put(ExportSpec.STAGE, ExportSpec.class);
        return Collections.unmodifiableMap(types);
    }
}
