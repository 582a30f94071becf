package cglora.pipeline.run;

import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.training.AdapterStart;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CgSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
        var starter = new AdapterStart(run.session, run.notes);
        String what =
                adapter.method().jsonName()
                        + " r "
                        + adapter.r()
                        + "  "
                        + layers.size()
                        + " modules";
        if (adapter.method() != AdapterSpec.Method.CG_LORA) {
            run.session.addAdapters(layers);
            run.start =
                    starter.start(
                            Initializers.of(adapter, run.statistics.isImplicit()),
                            run.statistics,
                            inputs.spec().seed());
            run.statistics = StatisticsSource.none();
            if (run.start.largest() == 0) {
                return what;
            }
            run.baseline("after initialisation");
            return what
                    + "  largest factors' product %.3f of a weight%s"
                            .formatted(
                                    run.start.largest(),
                                    run.start.shifted().isEmpty() ? "" : ", taken off the base");
        }
        CgSpec cg = adapter.cg();
        Samples s = run.samples(inputs.calibrateSpec().orElse(null));
        Batcher batcher = inputs.batcher(Inputs.EVALUATION_BATCH);
        Optional<AdapterStart.Allocation> allocation = inputs.allocation();
        run.start =
                starter.cgLora(
                        layers,
                        Initializers.cgLora(cg, run.statistics.isImplicit()),
                        run.statistics,
                        allocation,
                        AdapterStart.Step.valueOf(cg.step().name()),
                        sample(batcher, s.curvature()),
                        sample(batcher, s.step()),
                        inputs.spec().seed());
        run.statistics = StatisticsSource.none();
        allocation.ifPresent(a -> showRanks(layers, a.ranks().budget()));
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

    private void showRanks(List<LoraLayer> asked, long budget) {
        List<LoraLayer> chosen = List.copyOf(run.session.adapters().values());
        var table = new RankTable(run.start.spectra(), chosen, asked, budget);
        table.lines().forEach(line -> run.progress.note("%s", line));
        run.folder.event("ranks", table.record());
        run.report.record("ranks", table.record());
    }

    private static AdapterStart.Sample sample(Batcher batcher, Dataset data) {
        return new AdapterStart.Sample(batcher.sequential(data), data);
    }
}
