package cglora.models.training;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.AdapterInitializer;
import cglora.models.adapter.Base;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LayerShape;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.LoraInitializer;
import cglora.models.adapter.Need;
import cglora.models.adapter.RankAllocation;
import cglora.models.adapter.StatisticsSource;
import cglora.models.adapter.StepSize;
import cglora.models.adapter.StepSpectrum;
import cglora.models.adapter.WhitenedCoordinates;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WhiteningArithmetic;
import cglora.models.curvature.WhiteningReport;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.linalg.LowRank;
import cglora.models.linalg.Matrix;
import cglora.models.whitening.EngineWhitening;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Gives a session's adapters their first values.
public final class AdapterStart {
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

    /// What came of it.
    ///
    /// @param quadratic  η of the quadratic model; NaN where it was not asked
    /// @param step       the chosen step and the losses that were tried; null where nothing was
    /// @param shifted    `B₀`, `A₀` of the layers whose base weights were shifted
    /// @param largest    the largest ‖ΔW‖/‖W‖ of a layer
    /// @param spectra    what curvature-guided layers were made from, in the adapters' order; empty
    ///     for other methods
    /// @param whitening  who computed it; null for other methods
    /// @param stepSeconds what the search for the step took
    public record Result(
            double quadratic,
            StepSize step,
            Map<String, LoraFactors> shifted,
            double largest,
            List<RankAllocation.Layer> spectra,
            WhiteningReport whitening,
            double stepSeconds) {}

    /// How ranks are moved to where they pay.
    ///
    /// @param ranks    what may be chosen
    /// @param useRslora whether the adapter's scale follows `1 / √r`; else it stays that of the
    ///     layer as it was given
    public record Allocation(RankAllocation ranks, boolean useRslora) {}

    /// Largest ‖εD‖/‖W‖ of the finite difference.
    private static final double EPSILON = 1e-3;
    private static final double LARGE_STEP = 0.25;

    private final Session session;
    private final Problems warnings;
    private final Arithmetic arithmetic;

    public AdapterStart(Session session, Problems warnings) {
        this(session, warnings, Arithmetic.HOST);
    }

    /// @param arithmetic of curvature-guided starts
    public AdapterStart(Session session, Problems warnings, Arithmetic arithmetic) {
        this.session = session;
        this.warnings = warnings;
        this.arithmetic = arithmetic;
    }

    private static LayerShape shape(LoraLayer layer) {
        return new LayerShape(
                layer.module().in(), layer.module().out(), layer.r(), layer.scaling());
    }

    private static long seed(long seed, LoraLayer layer) {
        return seed * 31 + layer.module().name().hashCode();
    }

    /// A start whose size is its own: no step length is looked for.
    ///
    /// @param statistics of all layers, where the initializer needs more than weights; they are
    ///     taken
    public Result start(AdapterInitializer initializer, StatisticsSource statistics, long seed) {
        List<LoraLayer> layers = List.copyOf(session.adapters().values());
        List<Made> made =
                IntStream.range(0, layers.size())
                        .parallel()
                        .mapToObj(i -> factors(initializer, layers.get(i), statistics, seed))
                        .toList();
        CgLoraInitializer.requireSomeGradient(made.stream().map(Made::factors).toList());
        var shifted = new LinkedHashMap<String, LoraFactors>();
        for (Made m : made) {
            if (m.factors().zeroGradient()) {
                startAsLora(m.layer(), seed);
                continue;
            }
            write(m.layer(), m.factors());
            if (m.factors().base() == Base.SHIFTED) {
                shifted.put(m.layer().module().name(), m.factors());
                shiftBase(m.layer(), m.factors());
            }
        }
        double largest = made.stream().mapToDouble(Made::share).max().orElse(0);
        return new Result(Double.NaN, null, shifted, largest, List.of(), null, 0);
    }

    private Made factors(
            AdapterInitializer initializer,
            LoraLayer layer,
            StatisticsSource statistics,
            long seed) {
        session.requireGoing();
        LinearModule module = layer.module();
        String name = module.name();
        boolean calibrated = initializer.needs().stream().anyMatch(need -> need != Need.WEIGHT);
        LayerStatistics known = calibrated ? statistics.take(name) : LayerStatistics.none(name);
        if (initializer.needs().contains(Need.WEIGHT)) {
            known = known.withWeight(Matrix.of(module.out(), module.in(), weight(module)));
        }
        LoraFactors f = initializer.initialize(shape(layer), known, seed(seed, layer));
        return new Made(layer, f, share(change(layer, f), module), null);
    }

    /// ‖s B A‖.
    private static double change(LoraLayer layer, LoraFactors f) {
        LinearModule module = layer.module();
        Matrix B = Matrix.of(module.out(), layer.r(), f.loraB());
        Matrix A = Matrix.of(layer.r(), module.in(), f.loraA());
        return layer.scaling() * LowRank.norm(B, A);
    }

    private float[] weight(LinearModule module) {
        synchronized (session) { // an engine serves one thread at a time
            return session.read(module.weight());
        }
    }

    private void startAsLora(LoraLayer layer, long seed) {
        warnings.warning(
                ErrorCode.N_ZERO,
                layer.module().name(),
                "no calibration gradient reaches this layer; it starts as plain LoRA",
                "");
        write(layer, plain(new LoraInitializer(), layer, seed));
    }

    private static LoraFactors plain(AdapterInitializer initializer, LoraLayer layer, long seed) {
        return initializer.initialize(
                shape(layer), LayerStatistics.none(layer.module().name()), seed(seed, layer));
    }

    private void write(LoraLayer layer, LoraFactors factors) {
        session.write(layer.loraA(), factors.loraA());
        session.write(layer.loraB(), factors.loraB());
    }

    /// Curvature-guided LoRA; puts the adapters on their layers.
    ///
    /// @param adapters    as they are asked for; an allocation changes ranks and scales
    /// @param initializer with η = 1, or the fixed η
    /// @param statistics  of all layers; they are taken
    /// @param calibration the examples that made them
    /// @param heldOut     examples that neither head nor statistics have seen
    public Result cgLora(
            List<LoraLayer> adapters,
            CgLoraInitializer initializer,
            StatisticsSource statistics,
            Optional<Allocation> allocation,
            Step step,
            Sample calibration,
            Sample heldOut,
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
        List<RankAllocation.Layer> spectra = widest.stream().map(AdapterStart::spectrum).toList();
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
        long begin = System.nanoTime();
        double quadratic = Double.NaN;
        StepSize chosen = null;
        double eta = initializer.eta();
        if (step != Step.FIXED && initializer.scale() != CgLoraInitializer.Scale.STABLE) {
            double epsilon = unit > 0 ? EPSILON / unit : EPSILON;
            var search =
                    new StepSearch(
                            session,
                            calibration,
                            heldOut,
                            epsilon,
                            size -> writeAll(layers, factors, size),
                            warnings);
            StepSearch.Found found = search.find(step);
            quadratic = found.quadratic();
            chosen = found.chosen();
            eta = found.eta();
        }
        double stepSeconds = (System.nanoTime() - begin) * 1e-9;
        boolean scaled = initializer.scale() != CgLoraInitializer.Scale.STABLE;
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
                startAsLora(layer, seed);
            } else if (initializer.shift()) {
                LoraFactors start = scaled ? f.withStepSize(eta) : f;
                shifted.put(layer.module().name(), start);
                shiftBase(layer, start);
            }
        }
        return new Result(quadratic, chosen, shifted, share, spectra, whitening, stepSeconds);
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

    /// @param share    ‖ΔW‖/‖W‖
    /// @param spectrum null where the method has none
    private record Made(
            LoraLayer layer, LoraFactors factors, double share, StepSpectrum spectrum) {}

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
            double change = stable ? change(layer, factors) : wide.spectrum().change(ranks[i]);
            made.add(new Made(layer, factors, share(change, module), wide.spectrum()));
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
            double change = change(layer, start.factors());
            return new Made(layer, start.factors(), share(change, module), start.spectrum());
        }
        var whitened =
                WhitenedCoordinates.of(
                        initializer, layer.whitening(), shape(layer), of, seed(seed, layer), by);
        synchronized (session) {
            session.write(layer.outputRoot(), whitened.outputRoot());
            session.write(layer.inputRoot(), whitened.inputRoot());
        }
        double share = share(whitened.spectrum().change(layer.r()), module);
        return new Made(
                layer.withWhitening(whitened.whitening()),
                whitened.factors(),
                share,
                whitened.spectrum());
    }

    /// `change / ‖W‖`; a layer of zero weight has no share.
    private double share(double change, LinearModule module) {
        double squares = 0;
        for (float w : weight(module)) {
            squares += (double) w * w;
        }
        return squares > 0 ? change / Math.sqrt(squares) : 0;
    }

    /// Factors at step η; a step of 0 leaves the base model.
    private void writeAll(List<LoraLayer> layers, Map<String, LoraFactors> factors, double eta) {
        for (LoraLayer layer : layers) {
            LoraFactors f = factors.get(layer.module().name());
            if (eta == 0) {
                write(
                        layer,
                        new LoraFactors(
                                new float[f.loraA().length],
                                new float[f.loraB().length],
                                f.base()));
            } else {
                write(layer, Double.isNaN(eta) ? f : f.withStepSize(eta));
            }
        }
    }

    /// `W ← W − s B₀ A₀`.
    private void shiftBase(LoraLayer layer, LoraFactors f) {
        add(session, layer, f, -layer.scaling());
    }

    /// `W ← W + s B A` for the layers that have factors here; `s` is that of the session's own
    /// adapter on the layer.
    public static void merge(Session session, Map<String, LoraFactors> factors) {
        factors.forEach(
                (name, f) -> {
                    LoraLayer layer = session.adapters().get(name);
                    add(session, layer, f, layer.scaling());
                });
    }

    private static void add(Session session, LoraLayer layer, LoraFactors f, double factor) {
        LinearModule module = layer.module();
        Matrix W = Matrix.of(module.out(), module.in(), session.read(module.weight()));
        Matrix product =
                Matrix.of(module.out(), layer.r(), f.loraB())
                        .times(Matrix.of(layer.r(), module.in(), f.loraA()));
        session.write(module.weight(), W.plus(product.scaled(factor)).toFloats());
    }

    /// The factors that an adapter on the original base has now: whitened coordinates mapped back,
    /// a shift undone by the factors of the start (rank 2r).
    ///
    /// @param shifted of [Result]
    public static Map<String, LoraFactors> effective(
            Session session, Map<String, LoraFactors> shifted) {
        var effective = new LinkedHashMap<String, LoraFactors>();
        for (LoraLayer layer : new ArrayList<>(session.adapters().values())) {
            float[] a = session.read(layer.loraA());
            float[] b = session.read(layer.loraB());
            LinearModule module = layer.module();
            int r = layer.r();
            if (layer.whitened()) {
                LoraFactors mapped =
                        WhitenedCoordinates.toLoraFactors(
                                layer.whitening(),
                                session.read(layer.outputRoot()),
                                session.read(layer.inputRoot()),
                                new LoraFactors(a, b, Base.KEPT),
                                shape(layer));
                a = mapped.loraA();
                b = mapped.loraB();
            }
            LoraFactors start = shifted.get(module.name());
            if (start != null) {
                a = concatenateRows(a, start.loraA());
                b = concatenateColumns(b, start.loraB(), module.out(), r);
            }
            effective.put(module.name(), new LoraFactors(a, b, Base.KEPT));
        }
        return effective;
    }

    /// All that a start has put on the session, by the parameter's name: another session of the
    /// same model and adapters starts alike once they are written to it.
    public static Map<String, float[]> started(Session session, Result start) {
        var parameters = new LinkedHashMap<String, float[]>();
        for (LoraLayer layer : session.adapters().values()) {
            var names = new ArrayList<>(List.of(layer.loraA(), layer.loraB()));
            if (layer.whitened()) {
                names.addAll(List.of(layer.inputRoot(), layer.outputRoot()));
            }
            if (start.shifted().containsKey(layer.module().name())) {
                names.add(layer.module().weight());
            }
            names.forEach(name -> parameters.put(name, session.read(name)));
        }
        return parameters;
    }

    private static float[] concatenateRows(float[] upper, float[] lower) {
        float[] all = java.util.Arrays.copyOf(upper, upper.length + lower.length);
        System.arraycopy(lower, 0, all, upper.length, lower.length);
        return all;
    }

    /// `[b, −start]`.
    private static float[] concatenateColumns(float[] b, float[] start, int rows, int r) {
        float[] all = new float[2 * rows * r];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < r; j++) {
                all[i * 2 * r + j] = b[i * r + j];
                all[i * 2 * r + r + j] = -start[i * r + j];
            }
        }
        return all;
    }
}
