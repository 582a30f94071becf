package cglora.models.curvature;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Hands out the curvature of linear layers, each once, so that the memory of a layer comes back
/// as soon as it has been used. Safe for several threads.
public interface CurvatureSource {
    /// The layers that have not been taken.
    Set<String> modules();

    /// Whether tokens imply the factors ([TokenGram]).
    boolean isImplicit();

    /// The curvature of a layer, which the source forgets.
    ///
    /// @throws IllegalStateException when the layer has no curvature here, or none any more
    CurvatureStatistics take(String module);

    /// Statistics that are there already.
    static CurvatureSource of(Map<String, ? extends CurvatureStatistics> statistics) {
        var left = new LinkedHashMap<String, CurvatureStatistics>(statistics);
        boolean implicit = left.values().stream().anyMatch(TokenGram.class::isInstance);
        return new CurvatureSource() {
            @Override
            public synchronized Set<String> modules() {
                return Set.copyOf(left.keySet());
            }

            @Override
            public boolean isImplicit() {
                return implicit;
            }

            @Override
            public synchronized CurvatureStatistics take(String module) {
                return taken(module, left.remove(module));
            }
        };
    }

    /// @throws IllegalStateException for null
    static <T> T taken(String module, T statistics) {
        if (statistics == null) {
            throw new IllegalStateException(module + ": no curvature statistics are left");
        }
        return statistics;
    }
}
