package cglora.pipeline.run;

import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LoraInitializer;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.CurvatureSource;
import cglora.models.curvature.Damping;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.training.AdapterStart;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CgSpec;
import java.util.List;
import java.util.Map;

/// Puts the adapter on the model and gives it its first values.
final class AdapterStage {
    private final RunState run;
    private final Inputs inputs;

    AdapterStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// @return what the run shows of it
    String run(AdapterSpec adapter) {
        new HeadStage(run).warm();
        if (adapter.method() == AdapterSpec.Method.FULL) {
            return "full: every weight is trained";
        }
        List<LoraLayer> layers = inputs.layers();
        run.session.addAdapters(layers);
        var starter = new AdapterStart(run.session, run.notes);
        String what =
                adapter.method().jsonName()
                        + " r "
                        + adapter.r()
                        + "  "
                        + layers.size()
                        + " modules";
        if (adapter.method() == AdapterSpec.Method.LORA) {
            run.start =
                    starter.lora(
                            new LoraInitializer(
                                    adapter.initLoraWeights()
                                                    == AdapterSpec.InitLoraWeights.GAUSSIAN
                                            ? LoraInitializer.Distribution.GAUSSIAN
                                            : LoraInitializer.Distribution.KAIMING_UNIFORM),
                            inputs.spec().seed());
            return what;
        }
        CgSpec cg = adapter.cg();
        Samples s = run.samples(inputs.calibrateSpec().orElse(null));
        Batcher batcher = inputs.batcher(Inputs.EVALUATION_BATCH);
        run.start =
                starter.cgLora(
                        new CgLoraInitializer(
                                new Damping(
                                        Damping.Type.valueOf(cg.dampingType().name()),
                                        cg.damping()),
                                cg.pA(),
                                cg.pS(),
                                run.statistics.isImplicit()
                                        ? CgLoraInitializer.Form.TOKENS
                                        : CgLoraInitializer.Form.FACTORED,
                                cg.shift(),
                                CgLoraInitializer.Scale.valueOf(cg.scale().name()),
                                cg.stepSize() == null ? 1 : cg.stepSize()),
                        run.statistics,
                        AdapterStart.Step.valueOf(cg.step().name()),
                        sample(batcher, s.curvature()),
                        sample(batcher, s.step()),
                        inputs.spec().seed());
        run.statistics = CurvatureSource.of(Map.of());
        run.baseline("after initialisation");
        if (run.start.step() == null) {
            return what + "  largest step %.3f of a weight".formatted(run.start.largest());
        }
        double best = run.start.step().trials().stream().mapToDouble(t -> t.loss()).min().orElse(0);
        run.folder.event(
                "init",
                Map.of(
                        "eta_quadratic", run.start.quadratic(),
                        "eta", run.start.step().eta(),
                        "held_out_before", run.start.step().lossBefore(),
                        "held_out_after", best));
        return what
                + "  held-out loss %.3f -> %.3f (step %.4g x quadratic, %d unseen examples)"
                        .formatted(
                                run.start.step().lossBefore(),
                                best,
                                run.start.step().eta() / run.start.quadratic(),
                                s.step().size());
    }

    private static AdapterStart.Sample sample(Batcher batcher, Dataset data) {
        return new AdapterStart.Sample(batcher.sequential(data), data);
    }
}
