package cglora.models.training;

import static cglora.models.training.LayerStarts.seed;
import static cglora.models.training.LayerStarts.shape;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.RankAllocation;
import cglora.models.adapter.StatisticsSource;
import cglora.models.adapter.StepSpectrum;
import cglora.models.adapter.WhitenedCoordinates;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WhiteningArithmetic;
import cglora.models.curvature.WhiteningReport;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.whitening.EngineWhitening;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Curvature-guided LoRA: puts adapters on a session's layers and gives them their first values.
/// Each layer's whitened gradient is cut to a rank, ranks may be moved between layers, and the
/// length of the common step is looked for.
public final class CgLoraStart {
    /// How the step size η of a curvature-guided start is found.
    public enum Step {
        /// The best of six lengths around the quadratic model's, on examples nothing else saw.
        HELD_OUT,
        /// The same, where the linearised predictions of these examples choose the length: three
        /// forward passes over them and none over the calibration examples.
        PREDICTED,
        /// The minimiser of the quadratic model.
        QUADRATIC,
        /// As given.
        FIXED
    }

    /// Where the whitening of a curvature-guided start is computed.
    public enum Arithmetic {
        /// In float64 on the host.
        HOST,
        /// By products of the session's engine, in float32.
        ENGINE
    }

    /// Batches and the data set that they index.
    public record Sample(List<Batch> batches, Dataset data) {}

    /// How the length of the step is found, and on what.
    ///
    /// @param calibration the examples that made the statistics
    /// @param heldOut     examples that neither head nor statistics have seen
    public record Search(Step step, Sample calibration, Sample heldOut) {}

    /// How ranks are moved to where they pay.
    ///
    /// @param ranks    what may be chosen
    /// @param useRslora whether the adapter's scale follows `1 / √r`; else it stays that of the
    ///     layer as it was given
    public record Allocation(RankAllocation ranks, boolean useRslora) {}

    /// Largest ‖εD‖/‖W‖ of the finite difference.
    private static final double EPSILON = 1e-3;
    private static final double LARGE_STEP = 0.25;

    /// @param share    ‖ΔW‖/‖W‖
    /// @param spectrum null where the method has none
    private record Made(
            LoraLayer layer, LoraFactors factors, double share, StepSpectrum spectrum) {}

    private final Session session;
    private final LayerStarts starts;
    private final Problems warnings;
    private final Arithmetic arithmetic;

    /// @param arithmetic of the whitening
    public CgLoraStart(Session session, Problems warnings, Arithmetic arithmetic) {
        this.session = session;
        this.starts = new LayerStarts(session, warnings);
        this.warnings = warnings;
        this.arithmetic = arithmetic;
    }

    /// Curvature-guided LoRA; puts the adapters on their layers.
    ///
    /// @param adapters    as they are asked for; an allocation changes ranks and scales
    /// @param initializer with η = 1, or the fixed η
    /// @param statistics  of all layers; they are taken
    /// @throws CgloraException N-ZERO where no layer has a gradient, N-STEP where the step does not
    ///     lower the loss
    public AdapterStart.Result start(
            List<LoraLayer> adapters,
            CgLoraInitializer initializer,
            StatisticsSource statistics,
            Optional<Allocation> allocation,
            Search search,
            long seed) {
        session.addRoots(adapters);
        List<Made> widest;
        WhiteningReport whitening;
        try (WhiteningArithmetic by = whitening()) {
            IntStream layerNumbers = IntStream.range(0, adapters.size());
            widest =
                    (by.isConcurrent() ? layerNumbers.parallel() : layerNumbers)
                            .mapToObj(i -> widest(adapters.get(i), allocation))
                            .map(layer -> make(initializer, layer, statistics, seed, by))
                            .toList();
            whitening = by.report();
        }
        whitening.left().forEach(this::warnOfHost);
        List<RankAllocation.Layer> spectra = widest.stream().map(CgLoraStart::spectrum).toList();
        List<Made> made =
                allocation
                        .map(a -> narrowed(adapters, widest, spectra, a, initializer))
                        .orElse(widest);
        List<LoraLayer> layers = made.stream().map(Made::layer).toList();
        session.addFactors(layers);
        var factors = new LinkedHashMap<String, LoraFactors>();
        made.forEach(m -> factors.put(m.layer().module().name(), m.factors()));
        CgLoraInitializer.requireSomeGradient(factors.values());
        double unit = made.stream().mapToDouble(Made::share).max().orElse(0);
        boolean scaled = initializer.scale() != CgLoraInitializer.Scale.STABLE;
        long begin = System.nanoTime();
        Optional<StepSearch.Found> found = Optional.empty();
        if (scaled && search.step() != Step.FIXED) {
            double epsilon = unit > 0 ? EPSILON / unit : EPSILON;
            found =
                    Optional.of(
                            new StepSearch(
                                            session,
                                            search.calibration(),
                                            search.heldOut(),
                                            epsilon,
                                            size -> writeAll(layers, factors, size),
                                            warnings)
                                    .find(search.step()));
        }
        double stepSeconds = (System.nanoTime() - begin) * 1e-9;
        double eta = found.map(StepSearch.Found::eta).orElse(initializer.eta());
        double share = unit * (scaled ? eta / initializer.eta() : 1);
        if (share > LARGE_STEP && !initializer.shift()) {
            warnings.warning(
                    ErrorCode.N_STEP,
                    "adapter",
                    "the first step changes a layer by %.0f %% of its weight"
                            .formatted(100 * share),
                    "raise adapter.cg.damping");
        }
        writeAll(layers, factors, scaled ? eta : Double.NaN);
        var shifted = new LinkedHashMap<String, LoraFactors>();
        for (LoraLayer layer : layers) {
            LoraFactors f = factors.get(layer.module().name());
            if (f.zeroGradient()) {
                starts.startAsLora(layer, seed);
            } else if (initializer.shift()) {
                LoraFactors start = scaled ? f.withStepSize(eta) : f;
                shifted.put(layer.module().name(), start);
                starts.shiftBase(layer, start);
            }
        }
        return new AdapterStart.Result(
                found.map(StepSearch.Found::quadratic).orElse(Double.NaN),
                found.map(StepSearch.Found::chosen).orElse(null),
                shifted,
                share,
                spectra,
                whitening,
                stepSeconds);
    }

    private WhiteningArithmetic whitening() {
        return switch (arithmetic) {
            case HOST -> WhiteningArithmetic.HOST;
            case ENGINE -> new EngineWhitening(session.engine());
        };
    }

    private void warnOfHost(String reason, List<String> modules) {
        warnings.warning(
                ErrorCode.N_ARITHMETIC,
                "adapter",
                "the host computes the whitening of %d layers in float64, %s: %s"
                        .formatted(modules.size(), reason, String.join(", ", modules)),
                "\"arithmetic\": \"host\" in adapter.cg says the same for all layers");
    }

    private static RankAllocation.Layer spectrum(Made made) {
        LinearModule module = made.layer().module();
        return new RankAllocation.Layer(
                module.name(), module.in(), module.out(), made.spectrum().singularValues());
    }

    /// The layer at the largest rank that it may get, at the scale that it has.
    private static LoraLayer widest(LoraLayer layer, Optional<Allocation> allocation) {
        return allocation
                .map(a -> a.ranks().limit(layer.module().in(), layer.module().out()))
                .map(limit -> layer.withRank(limit, layer.scaling()))
                .orElse(layer);
    }

    /// The first components of each layer, as many as it is allotted. The product of the factors
    /// with the scale stays that of these components where the scale changes.
    private List<Made> narrowed(
            List<LoraLayer> asked,
            List<Made> widest,
            List<RankAllocation.Layer> spectra,
            Allocation allocation,
            CgLoraInitializer initializer) {
        int[] ranks = allocation.ranks().ranks(spectra);
        boolean stable = initializer.scale() == CgLoraInitializer.Scale.STABLE;
        var made = new ArrayList<Made>();
        for (int i = 0; i < ranks.length; i++) {
            Made wide = widest.get(i);
            LinearModule module = wide.layer().module();
            float scale = wide.layer().scaling();
            if (allocation.useRslora()) {
                scale *= (float) Math.sqrt((double) asked.get(i).r() / ranks[i]);
            }
            LoraLayer layer = wide.layer().withRank(ranks[i], scale);
            LoraFactors factors = wide.factors().truncated(module.in(), module.out(), ranks[i]);
            if (!stable) {
                factors = factors.withStepSize((double) wide.layer().scaling() / scale);
            }
            double change =
                    stable ? LayerStarts.change(layer, factors) : wide.spectrum().change(ranks[i]);
            made.add(new Made(layer, factors, starts.share(change, module), wide.spectrum()));
        }
        return made;
    }

    /// One layer's factors; its roots go where training reads them.
    private Made make(
            CgLoraInitializer initializer,
            LoraLayer layer,
            StatisticsSource statistics,
            long seed,
            WhiteningArithmetic by) {
        session.requireGoing();
        LinearModule module = layer.module();
        String name = module.name();
        LayerStatistics of = statistics.take(name);
        if (!layer.whitened()) {
            CgLoraInitializer.Start start =
                    initializer.start(shape(layer), of, seed(seed, layer), by);
            double change = LayerStarts.change(layer, start.factors());
            return new Made(layer, start.factors(), starts.share(change, module), start.spectrum());
        }
        var whitened =
                WhitenedCoordinates.of(
                        initializer, layer.whitening(), shape(layer), of, seed(seed, layer), by);
        synchronized (session.engine()) { // layers take turns
            session.write(layer.outputRoot(), whitened.outputRoot());
            session.write(layer.inputRoot(), whitened.inputRoot());
        }
        double share = starts.share(whitened.spectrum().change(layer.r()), module);
        return new Made(
                layer.withWhitening(whitened.whitening()),
                whitened.factors(),
                share,
                whitened.spectrum());
    }

    /// Factors at step η; a step of 0 leaves the base model.
    private void writeAll(List<LoraLayer> layers, Map<String, LoraFactors> factors, double eta) {
        for (LoraLayer layer : layers) {
            LoraFactors f = factors.get(layer.module().name());
            if (eta == 0) {
                starts.write(
                        layer,
                        new LoraFactors(
                                new float[f.loraA().length],
                                new float[f.loraB().length],
                                f.base()));
            } else {
                starts.write(layer, Double.isNaN(eta) ? f : f.withStepSize(eta));
            }
        }
    }
}
