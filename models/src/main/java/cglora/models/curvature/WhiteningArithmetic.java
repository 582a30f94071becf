package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/// Who computes the whitened start of a layer: the host, in float64 by eigendecompositions
/// ([#HOST]), or an engine, in float32 by matrix products. One of them is chosen for all layers
/// of a start; one that cannot serve a layer hands it to the host and says so in its
/// [WhiteningReport].
public interface WhiteningArithmetic extends AutoCloseable {
    /// Float64 on the host.
    WhiteningArithmetic HOST = new HostWhitening();

    /// The step of one layer.
    ///
    /// @param module     the layer's name, for what is reported
    /// @param statistics which the arithmetic may take apart
    /// @param pA         exponent of the input factor, 0 … ½
    /// @param pS         exponent of the output factor, 0 … ½
    /// @param rank       1 … min(in, out)
    /// @param seed       of the random sketch
    record Step(
            String module,
            CurvatureStatistics statistics,
            Damping damping,
            double pA,
            double pS,
            int rank,
            long seed) {
        public Step {
            requireNonNull(module, "module");
            requireNonNull(statistics, "statistics");
            requireNonNull(damping, "damping");
        }
    }

    /// Coordinates of training, and the length of the step that it starts with.
    ///
    /// @param pA      exponent of `L_a`, 0 … ½
    /// @param pS      exponent of `L_s`, 0 … ½
    /// @param rank    of the roots; 0 for whole matrices
    /// @param scaling `s > 0`
    /// @param eta     η
    record Coordinates(double pA, double pS, int rank, double scaling, double eta) {}

    /// The first singular triplets of the whitened gradient and their way back.
    ///
    /// @throws cglora.kernels.error.CgloraException as [CurvatureStatistics#roots]
    WhitenedGradient gradient(Step step);

    /// The same with the roots of training.
    ///
    /// @return empty where the whitened gradient is zero
    /// @throws cglora.kernels.error.CgloraException as [CurvatureStatistics#roots]
    Optional<WhitenedStart> start(Step step, Coordinates coordinates);

    /// Whether several threads may ask at a time.
    boolean isConcurrent();

    /// What has been computed where.
    WhiteningReport report();

    /// Gives back what the layers took of the engine.
    @Override
    void close();
}
