package cglora.models.adapter;

import static java.util.Objects.requireNonNull;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.linalg.Matrix;
import java.util.Optional;

/// What is known of one layer when its adapter starts; which parts are there follows from the
/// needs of the initializer. A part that was not gathered is a fault of the caller: never another
/// initializer in its place.
///
/// @param module      the layer's name, for messages
/// @param weight      `W` [out, in]
/// @param gradient    `G` [out, in], where curvature is not asked for
/// @param inputFactor `A = XᵀX/N` [in, in], likewise
/// @param curvature   `A`, `S` and `G`, or the tokens that imply them
public record LayerStatistics(
        String module,
        Optional<Matrix> weight,
        Optional<Matrix> gradient,
        Optional<Matrix> inputFactor,
        Optional<CurvatureStatistics> curvature) {
    public LayerStatistics {
        requireNonNull(module, "module");
        requireNonNull(weight, "weight");
        requireNonNull(gradient, "gradient");
        requireNonNull(inputFactor, "inputFactor");
        requireNonNull(curvature, "curvature");
    }

    /// For an initializer that needs nothing, or the weight only.
    public static LayerStatistics none(String module) {
        return new LayerStatistics(
                module, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    public static LayerStatistics of(String module, CurvatureStatistics curvature) {
        return new LayerStatistics(
                module,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(curvature));
    }

    /// @param gradient    null where it was not gathered
    /// @param inputFactor null where it was not gathered
    public static LayerStatistics of(String module, Matrix gradient, Matrix inputFactor) {
        return new LayerStatistics(
                module,
                Optional.empty(),
                Optional.ofNullable(gradient),
                Optional.ofNullable(inputFactor),
                Optional.empty());
    }

    public LayerStatistics withWeight(Matrix W) {
        return new LayerStatistics(module, Optional.of(W), gradient, inputFactor, curvature);
    }

    /// The curvature.
    ///
    /// @throws IllegalStateException when calibration did not gather it
    CurvatureStatistics requireCurvature() {
        return curvature.orElseThrow(() -> missing("curvature statistics"));
    }

    /// `W`.
    Matrix requireWeight(LayerShape shape) {
        return usable(weight, "weight", shape.out(), shape.in());
    }

    /// `G`.
    Matrix requireGradient(LayerShape shape) {
        return usable(gradient, "gradient", shape.out(), shape.in());
    }

    /// `A`.
    Matrix requireInputFactor(LayerShape shape) {
        return usable(inputFactor, "input factor", shape.in(), shape.in());
    }

    private Matrix usable(Optional<Matrix> part, String what, int rows, int columns) {
        Matrix M = part.orElseThrow(() -> missing(what));
        if (M.rows() != rows || M.columns() != columns) {
            throw new IllegalArgumentException(
                    "%s: the %s is %d × %d, expected %d × %d"
                            .formatted(module, what, M.rows(), M.columns(), rows, columns));
        }
        if (!M.isFinite()) {
            throw new CgloraException(
                    ErrorCode.N_STATISTICS,
                    module,
                    "the " + what + " holds infinities or NaN",
                    "look for a diverged model or a loss that is not finite on the calibration"
                            + " examples");
        }
        return M;
    }

    private IllegalStateException missing(String what) {
        return new IllegalStateException(module + ": no " + what + " was gathered");
    }
}
