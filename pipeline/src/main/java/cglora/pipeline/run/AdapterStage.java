package cglora.pipeline.run;

import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WhiteningReport;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.training.AdapterFactors;
import cglora.models.training.AdapterStart;
import cglora.models.training.CgLoraStart;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CgSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Puts the adapter on the model and gives it its first values.
final class AdapterStage {
    static final String AFTER = "after initialisation";

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
        if (adapter.from() != null) {
            return EarlierAdapter.of(adapter).start(run, AFTER);
        }
        if (adapter.start() != null) {
            return EarlierStart.of(adapter).take(run);
        }
        List<LoraLayer> layers = AdapterLayers.of(inputs);
        Shared.Start kept = run.shared.start();
        String shown = kept == null ? make(adapter, layers) : take(kept, layers);
        if (adapter.keep()) {
            EarlierStart.keep(run, adapter);
        }
        return shown;
    }

    /// Whether a start changes what the model says.
    static boolean isChanged(AdapterSpec adapter, AdapterStart.Result start) {
        return adapter.method() == AdapterSpec.Method.CG_LORA || start.largest() > 0;
    }

    /// The start of an earlier cell with the same settings.
    private String take(Shared.Start kept, List<LoraLayer> layers) {
        run.session.addAdapters(kept.adapters());
        kept.parameters().forEach(run.session::write);
        run.start = kept.result();
        run.effort = kept.effort();
        run.warnings.repeat(kept.warnings());
        recordRanks(layers);
        recordWhitening(inputs.adapterSpec());
        if (kept.metrics() != null && !kept.metrics().isEmpty()) {
            run.report.remember(AFTER, kept.metrics());
        }
        if (!kept.event().isEmpty()) {
            run.folder.event("init", kept.event());
        }
        return kept.shown() + "  (an earlier cell's)";
    }

    private String make(AdapterSpec adapter, List<LoraLayer> layers) {
        long begin = System.nanoTime();
        var event = new LinkedHashMap<String, Double>();
        String shown =
                "%s r %d  %d modules%s"
                        .formatted(
                                adapter.method().jsonName(),
                                adapter.r(),
                                layers.size(),
                                adapter.method() == AdapterSpec.Method.CG_LORA
                                        ? cgLora(adapter, layers, event)
                                        : rival(adapter, layers));
        run.statistics = StatisticsSource.none();
        if (run.keepsStatistics) {
            EarlierStatistics.finish(
                    run, run.samples(inputs.calibrateSpec().orElseThrow()).curvature().size());
        }
        run.effort =
                new StartEffort(run.effort.calibrateSeconds(), (System.nanoTime() - begin) * 1e-9);
        Map<String, Double> metrics =
                isChanged(adapter, run.start) ? run.metrics.baseline(AFTER) : null;
        if (!event.isEmpty()) {
            run.folder.event("init", event);
        }
        if (run.shared.wantsStart(run.session.adapterBytes())) {
            run.shared.keep(
                    new Shared.Start(
                            List.copyOf(run.session.adapters().values()),
                            AdapterFactors.started(run.session, run.start),
                            run.start,
                            metrics,
                            shown,
                            event,
                            run.effort,
                            run.notes.warnings()));
        }
        return shown;
    }

    private String rival(AdapterSpec adapter, List<LoraLayer> layers) {
        run.session.addAdapters(layers);
        run.start =
                new AdapterStart(run.session, run.notes)
                        .start(
                                Initializers.of(adapter, run.statistics.isImplicit()),
                                run.statistics,
                                inputs.spec().seed());
        return run.start.largest() == 0
                ? ""
                : "  largest factors' product %.3f of a weight%s"
                        .formatted(
                                run.start.largest(),
                                run.start.shifted().isEmpty() ? "" : ", taken off the base");
    }

    /// @param event is given what a held-out step tried
    private String cgLora(AdapterSpec adapter, List<LoraLayer> layers, Map<String, Double> event) {
        CgSpec cg = adapter.cg();
        Samples s = run.samples(inputs.calibrateSpec().orElse(null));
        Batcher batcher =
                inputs.batcher(
                        inputs.calibrateSpec()
                                .map(CalibrateStage::batch)
                                .orElse(Inputs.EVALUATION_BATCH));
        Optional<CgLoraStart.Allocation> allocation = AdapterLayers.allocation(inputs);
        run.start =
                new CgLoraStart(
                                run.session,
                                run.notes,
                                WhiteningChoice.of(cg.arithmetic(), run.engine).arithmetic())
                        .start(
                                layers,
                                Initializers.cgLora(adapter, run.statistics.isImplicit()),
                                run.statistics,
                                allocation,
                                new CgLoraStart.Search(
                                        CgLoraStart.Step.valueOf(cg.step().name()),
                                        sample(batcher, s.curvature()),
                                        sample(batcher, s.step())),
                                inputs.spec().seed());
        recordRanks(layers);
        recordWhitening(adapter);
        if (run.start.step() == null) {
            return "  largest step %.3f of a weight".formatted(run.start.largest());
        }
        double best = run.start.step().trials().stream().mapToDouble(t -> t.loss()).min().orElse(0);
        event.put("eta_quadratic", run.start.quadratic());
        event.put("eta", run.start.step().eta());
        event.put("held_out_before", run.start.step().lossBefore());
        event.put("held_out_after", best);
        return "  held-out loss %.3f -> %.3f (step %.4g x quadratic, %d unseen examples)"
                .formatted(
                        run.start.step().lossBefore(),
                        best,
                        run.start.step().eta() / run.start.quadratic(),
                        s.step().size());
    }

    /// Who computed the whitening of a curvature-guided start, and why.
    private void recordWhitening(AdapterSpec adapter) {
        WhiteningReport report = run.start.whitening();
        if (report == null) {
            return;
        }
        WhiteningChoice choice = WhiteningChoice.of(adapter.cg().arithmetic(), run.engine);
        var record = new LinkedHashMap<String, Object>();
        record.put("arithmetic", report.arithmetic());
        record.put("why", choice.why());
        if (choice.arithmetic() == CgLoraStart.Arithmetic.ENGINE) {
            record.put("layers", report.layers());
            record.put("roots", report.roots());
            record.put("products", report.products());
            record.put("residual", report.residual());
            record.put("left_to_host", report.left());
            run.progress.note(
                    "      whitening  engine: %d layers, %d inverse roots of %d products, residual"
                            + " at most %.1e (%s)",
                    report.layers(),
                    report.roots(),
                    report.products(),
                    report.residual(),
                    choice.why());
        }
        run.folder.event("whitening", record);
        run.report.record("whitening", record);
    }

    /// The spectra of a curvature-guided start; ranks that were chosen from them are shown, too.
    private void recordRanks(List<LoraLayer> asked) {
        if (run.start.spectra().isEmpty()) {
            return;
        }
        Optional<CgLoraStart.Allocation> allocation = AdapterLayers.allocation(inputs);
        List<LoraLayer> chosen = List.copyOf(run.session.adapters().values());
        long budget =
                allocation
                        .map(a -> a.ranks().budget())
                        .orElseGet(() -> RankTable.parameters(asked));
        var table = new RankTable(run.start.spectra(), chosen, asked, budget);
        run.folder.event("ranks", table.record());
        if (allocation.isPresent()) {
            table.lines().forEach(line -> run.progress.note("%s", line));
            run.report.record("ranks", table.record());
        }
    }

    private static CgLoraStart.Sample sample(Batcher batcher, Dataset data) {
        return new CgLoraStart.Sample(batcher.sequential(data), data);
    }
}
