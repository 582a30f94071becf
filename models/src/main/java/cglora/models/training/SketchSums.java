package cglora.models.training;

import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.curvature.SketchedKfac;
import cglora.models.linalg.Matrix;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Sketches of a calibration in float32, each made a matrix when its layer is taken.
final class SketchSums implements StatisticsSource {
    /// Sums over the tokens of one layer; layers with the same input share `XOmega`.
    ///
    /// @param XOmega   `Σ x xᵀΩ` [in, k]
    /// @param GOmega   `Σ dy xᵀΩ` [out, k]
    /// @param SPsi     `Σ dy dyᵀΨ` [out, l]
    /// @param GPsi     `Σ x dyᵀΨ` [in, l]
    /// @param squaresX `Σ ‖x‖²`
    /// @param squaresY `Σ ‖dy‖²`
    /// @param rows     that `A` is a mean over
    /// @param Omega    [in, k]
    /// @param Psi      [out, l]
    record Sums(
            LinearModule module,
            float[] XOmega,
            float[] GOmega,
            float[] SPsi,
            float[] GPsi,
            double squaresX,
            double squaresY,
            long rows,
            float[] Omega,
            float[] Psi) {}

    private final Map<String, Sums> left;
    private final int examples;

    /// @param examples that all but `A` are a mean over
    SketchSums(Map<String, Sums> sums, int examples) {
        this.left = new LinkedHashMap<>(sums);
        this.examples = examples;
    }

    @Override
    public synchronized Set<String> modules() {
        return Set.copyOf(left.keySet());
    }

    @Override
    public boolean isImplicit() {
        return false;
    }

    @Override
    public LayerStatistics take(String name) {
        Sums s;
        synchronized (this) {
            s = StatisticsSource.taken(name, left.remove(name));
        }
        int in = s.module().in();
        int out = s.module().out();
        int k = s.Omega().length / in;
        int l = s.Psi().length / out;
        return LayerStatistics.of(
                name,
                new SketchedKfac(
                        Matrix.ofQuotient(in, k, s.XOmega(), s.rows()),
                        Matrix.ofQuotient(out, k, s.GOmega(), examples),
                        Matrix.ofQuotient(out, l, s.SPsi(), examples),
                        Matrix.ofQuotient(in, l, s.GPsi(), examples),
                        s.squaresX() / s.rows(),
                        s.squaresY() / examples,
                        Matrix.of(in, k, s.Omega()),
                        Matrix.of(out, l, s.Psi())));
    }

    @Override
    public synchronized Supplier<StatisticsSource> keep() {
        var kept = new LinkedHashMap<>(left);
        return () -> new SketchSums(kept, examples);
    }
}
