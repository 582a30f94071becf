package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.models.adapter.RankAllocation;
import cglora.models.adapter.TargetSelection;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.Whitening;
import cglora.models.data.Labels;
import cglora.models.training.CgLoraStart;
import cglora.models.training.SequenceClassifier;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.CgSpec;
import cglora.pipeline.spec.TargetModules;
import java.util.List;
import java.util.Optional;

/// The layers that an adapter stage puts adapters on, with their ranks and scales.
final class AdapterLayers {
    /// Largest rank that curvature gives a module, over `r`, where nothing is said.
    private static final int MOST_RANK = 4;

    private AdapterLayers() {}

    /// The layers that the adapter is put on.
    ///
    /// @throws CgloraException A-TARGET or A-RANK, with everything that is wrong
    static List<LoraLayer> of(Inputs inputs) {
        AdapterSpec a = inputs.adapterSpec();
        if (a.from() != null) {
            return EarlierAdapter.of(a).layers(inputs);
        }
        return TargetSelection.select(
                linearModules(inputs),
                target(a.targetModules(), inputs.checkpoint().body().defaultTargetModules()),
                a.excludeModules() == null ? null : target(a.excludeModules(), List.of()),
                new TargetSelection.Options(
                        a.r(),
                        a.loraAlpha(),
                        a.useRslora(),
                        a.loraDropout(),
                        a.rankPattern(),
                        a.alphaPattern(),
                        whitening(a)));
    }

    private static TargetSelection.Target target(TargetModules spec, List<String> byDefault) {
        return switch (spec) {
            case null -> new TargetSelection.Target.Names(byDefault);
            case TargetModules.AllLinear() -> new TargetSelection.Target.AllLinear();
            case TargetModules.Matching(String regex) -> new TargetSelection.Target.Matching(regex);
            case TargetModules.Names(List<String> names) -> new TargetSelection.Target.Names(names);
        };
    }

    private static List<LinearModule> linearModules(Inputs inputs) {
        if (inputs.writes()) {
            return inputs.task().linearModules();
        }
        if (inputs.tags()) {
            return inputs.checkpoint().encoder().linearModules();
        }
        Examples examples = inputs.examples();
        var labels = examples == null ? Labels.ofRegression() : examples.labels(); // any will do
        return new SequenceClassifier(inputs.checkpoint().encoder(), inputs.pooling(), labels)
                .linearModules();
    }

    /// How ranks are moved between the layers; empty where they stay as they are given.
    ///
    /// @throws CgloraException O-RANGE or O-CONFLICT for ranks that the budget does not give
    static Optional<CgLoraStart.Allocation> allocation(Inputs inputs) {
        AdapterSpec a = inputs.adapterSpec();
        if (a.method() != AdapterSpec.Method.CG_LORA
                || a.cg().rankAllocation() == CgSpec.RankAllocation.UNIFORM) {
            return Optional.empty();
        }
        List<LoraLayer> layers = of(inputs);
        Integer given = a.cg().rankBudget();
        Integer most = a.cg().maxRank();
        var ranks =
                new RankAllocation(
                        given == null ? RankTable.parameters(layers) : given,
                        a.cg().minRank(),
                        most == null ? Math.max(a.cg().minRank(), MOST_RANK * a.r()) : most);
        ranks.requireEnough(
                RankTable.parameters(layers.stream().map(l -> l.withRank(1, 1)).toList()));
        return Optional.of(new CgLoraStart.Allocation(ranks, a.useRslora()));
    }

    /// The roots of training's coordinates; null for plain ones.
    private static Whitening whitening(AdapterSpec a) {
        CgSpec cg = a.cg();
        return isWhitened(a)
                ? new Whitening(
                        cg.whiteningRank() == null ? 0 : cg.whiteningRank(),
                        cg.whiteningPA() == null ? cg.pA() : cg.whiteningPA(),
                        cg.whiteningPS() == null ? cg.pS() : cg.whiteningPS())
                : null;
    }

    /// Whether training has coordinates of its own.
    static boolean isWhitened(AdapterSpec a) {
        return a.method() == AdapterSpec.Method.CG_LORA
                && a.cg().coordinates() == CgSpec.Coordinates.WHITENED
                && !a.cg().shift();
    }

    /// Whether the start is taken off the base, so that what is exported has twice the rank.
    static boolean isShifted(AdapterSpec a) {
        return switch (a.method()) {
            case PISSA, OLORA, LORA_GA -> true;
            case LORA_ONE -> a.scale() == AdapterSpec.Scale.STABLE;
            case CG_LORA -> a.cg().shift();
            case LORA, RSLORA, EVA, FULL -> false;
        };
    }
}
