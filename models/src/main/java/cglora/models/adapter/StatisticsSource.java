package cglora.models.adapter;

import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.TokenGram;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Hands out what calibration gathered of linear layers, each once, so that the memory of a layer
/// comes back as soon as it has been used. Safe for several threads.
public interface StatisticsSource {
    /// The layers that have not been taken.
    Set<String> modules();

    /// Whether tokens imply the factors ([TokenGram]).
    boolean isImplicit();

    /// What is known of a layer, which the source forgets.
    ///
    /// @throws IllegalStateException when nothing is, or nothing any more
    LayerStatistics take(String module);

    /// What has not been taken, to be handed out from the beginning any number of times, also when
    /// the engine that gathered it is gone.
    Supplier<StatisticsSource> keep();

    /// Nothing.
    static StatisticsSource none() {
        return of(Map.of());
    }

    /// Curvature that is there already.
    static StatisticsSource of(Map<String, ? extends CurvatureStatistics> statistics) {
        var left = new LinkedHashMap<String, CurvatureStatistics>(statistics);
        boolean implicit = left.values().stream().anyMatch(TokenGram.class::isInstance);
        return new StatisticsSource() {
            @Override
            public synchronized Set<String> modules() {
                return Set.copyOf(left.keySet());
            }

            @Override
            public boolean isImplicit() {
                return implicit;
            }

            @Override
            public synchronized LayerStatistics take(String module) {
                return LayerStatistics.of(module, taken(module, left.remove(module)));
            }

            @Override
            public synchronized Supplier<StatisticsSource> keep() {
                var kept = new LinkedHashMap<>(left);
                return () -> of(kept);
            }
        };
    }

    /// @throws IllegalStateException for null
    static <T> T taken(String module, T statistics) {
        if (statistics == null) {
            throw new IllegalStateException(module + ": no statistics are left");
        }
        return statistics;
    }
}
