package cglora.pipeline.run;

import cglora.models.adapter.AdapterInitializer;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.EvaInitializer;
import cglora.models.adapter.LoraGaInitializer;
import cglora.models.adapter.LoraInitializer;
import cglora.models.adapter.LoraOneInitializer;
import cglora.models.adapter.Need;
import cglora.models.adapter.OloraInitializer;
import cglora.models.adapter.PissaInitializer;
import cglora.models.adapter.StableScale;
import cglora.models.curvature.Damping;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CgSpec;
import cglora.pipeline.spec.LoraOneSpec;
import java.util.Set;

/// The initializer that an adapter stage names.
final class Initializers {
    /// γ of LoRA-One's published code.
    private static final double LORA_ONE_STABLE_GAMMA = 16;

    private Initializers() {}

    /// @throws IllegalArgumentException for `full`, which has no adapter
    static AdapterInitializer of(AdapterSpec adapter, boolean implicit) {
        boolean scaled =
                adapter.scale() == AdapterSpec.Scale.STABLE
                        && adapter.method() != AdapterSpec.Method.CG_LORA; // which has it itself
        AdapterInitializer own = own(adapter, implicit);
        return scaled ? new StableScale(own) : own;
    }

    private static AdapterInitializer own(AdapterSpec adapter, boolean implicit) {
        return switch (adapter.method()) {
            case LORA, RSLORA ->
                    new LoraInitializer(
                            adapter.initLoraWeights() == AdapterSpec.InitLoraWeights.GAUSSIAN
                                    ? LoraInitializer.Distribution.GAUSSIAN
                                    : LoraInitializer.Distribution.KAIMING_UNIFORM);
            case PISSA -> new PissaInitializer();
            case OLORA -> new OloraInitializer();
            case LORA_GA ->
                    new LoraGaInitializer(
                            LoraGaInitializer.Direction.valueOf(
                                    adapter.loraGa().direction().name()),
                            LoraGaInitializer.Scale.valueOf(adapter.loraGa().scale().name()),
                            adapter.loraGa().stableGamma());
            case LORA_ONE ->
                    adapter.loraOne().scale() == LoraOneSpec.Scale.STABLE
                            ? new LoraOneInitializer(
                                    LoraOneInitializer.Scale.STABLE, LORA_ONE_STABLE_GAMMA)
                            : new LoraOneInitializer(
                                    LoraOneInitializer.Scale.GAMMA, adapter.loraOne().gamma());
            case EVA -> new EvaInitializer();
            case CG_LORA -> cgLora(adapter, implicit);
            case FULL -> throw new IllegalArgumentException("full has no adapter");
        };
    }

    static CgLoraInitializer cgLora(AdapterSpec adapter, boolean implicit) {
        CgSpec cg = adapter.cg();
        return new CgLoraInitializer(
                new Damping(Damping.Type.valueOf(cg.dampingType().name()), cg.damping()),
                cg.pA(),
                cg.pS(),
                implicit ? CgLoraInitializer.Form.TOKENS : CgLoraInitializer.Form.FACTORED,
                cg.shift(),
                adapter.scale() == AdapterSpec.Scale.STABLE
                        ? CgLoraInitializer.Scale.STABLE
                        : CgLoraInitializer.Scale.valueOf(cg.scale().name()),
                cg.stepSize() == null ? 1 : cg.stepSize());
    }

    /// What a calibration has to gather; nothing for a method that asks for nothing.
    static Set<Need> needs(AdapterSpec adapter) {
        if (adapter == null || !adapter.method().isCalibrated() || adapter.start() != null) {
            return Set.of();
        }
        return of(adapter, false).needs();
    }
}
