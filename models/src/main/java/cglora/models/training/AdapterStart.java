package cglora.models.training;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.models.adapter.AdapterInitializer;
import cglora.models.adapter.Base;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.Need;
import cglora.models.adapter.RankAllocation;
import cglora.models.adapter.StatisticsSource;
import cglora.models.adapter.StepSize;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WhiteningReport;
import cglora.models.linalg.Matrix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Gives a session's adapters the first values of a method whose size is its own: no length of a
/// step is looked for. Curvature-guided LoRA starts by a [CgLoraStart].
public final class AdapterStart {
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
            double stepSeconds) {
        /// Of a start whose size is its own.
        public static Result ofOwnSize(Map<String, LoraFactors> shifted, double largest) {
            return new Result(Double.NaN, null, shifted, largest, List.of(), null, 0);
        }
    }

    /// @param share ‖ΔW‖/‖W‖
    private record Made(LoraLayer layer, LoraFactors factors, double share) {}

    private final Session session;
    private final LayerStarts starts;

    public AdapterStart(Session session, Problems warnings) {
        this.session = session;
        this.starts = new LayerStarts(session, warnings);
    }

    /// A start whose size is its own: no step length is looked for.
    ///
    /// @param statistics of all layers, where the initializer needs more than weights; they are
    ///     taken
    /// @throws CgloraException N-ZERO where no layer has a gradient
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
                starts.startAsLora(m.layer(), seed);
                continue;
            }
            starts.write(m.layer(), m.factors());
            if (m.factors().base() == Base.SHIFTED) {
                shifted.put(m.layer().module().name(), m.factors());
                starts.shiftBase(m.layer(), m.factors());
            }
        }
        double largest = made.stream().mapToDouble(Made::share).max().orElse(0);
        return Result.ofOwnSize(shifted, largest);
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
            known = known.withWeight(Matrix.of(module.out(), module.in(), starts.weight(module)));
        }
        LoraFactors f =
                initializer.initialize(
                        LayerStarts.shape(layer), known, LayerStarts.seed(seed, layer));
        return new Made(layer, f, starts.share(LayerStarts.change(layer, f), module));
    }
}
