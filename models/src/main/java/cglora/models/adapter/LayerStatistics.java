package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.models.curvature.CurvatureStatistics;
import cglora.models.linalg.Matrix;
import java.util.Optional;

/// What calibration gathered for one layer; which parts are there follows from the needs of the
/// initializer.
///
/// @param module    the layer's name, for messages
/// @param weight    `W` [out, in]
/// @param curvature `A`, `S` and `G`, or the tokens that imply them
public record LayerStatistics(
        String module, Optional<Matrix> weight, Optional<CurvatureStatistics> curvature) {
    public LayerStatistics {
        requireNonNull(module, "module");
        requireNonNull(weight, "weight");
        requireNonNull(curvature, "curvature");
    }

    /// For an initializer that needs nothing.
    public static LayerStatistics none(String module) {
        return new LayerStatistics(module, Optional.empty(), Optional.empty());
    }

    public static LayerStatistics of(String module, CurvatureStatistics curvature) {
        return new LayerStatistics(module, Optional.empty(), Optional.of(curvature));
    }

    public LayerStatistics withWeight(Matrix W) {
        return new LayerStatistics(module, Optional.of(W), curvature);
    }

    /// The curvature.
    ///
    /// @throws IllegalStateException when calibration did not gather it: never another
    ///     initializer in its place
    CurvatureStatistics requireCurvature() {
        return curvature.orElseThrow(
                () ->
                        new IllegalStateException(
                                module + ": no curvature statistics were gathered"));
    }
}
