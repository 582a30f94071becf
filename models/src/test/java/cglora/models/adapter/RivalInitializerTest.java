package cglora.models.adapter;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.error.CgloraException;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import cglora.models.linalg.ThinQr;
import cglora.models.linalg.TruncatedSvd;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What defines each of the other methods' starts.
class RivalInitializerTest {
    private static final double TOLERANCE = 1e-5;

    private static Matrix random(int rows, int columns, long seed) {
        return RandomMatrices.fading(rows, columns, 0.2, new Random(seed));
    }

    private static Matrix a(LayerShape shape, LoraFactors f) {
        return Matrix.of(shape.r(), shape.in(), f.loraA());
    }

    private static Matrix b(LayerShape shape, LoraFactors f) {
        return Matrix.of(shape.out(), shape.r(), f.loraB());
    }

    private static Matrix product(LayerShape shape, LoraFactors f) {
        return b(shape, f).times(a(shape, f)).scaled(shape.scaling());
    }

    private static LayerStatistics weight(Matrix W) {
        return LayerStatistics.none("m").withWeight(W);
    }

    private static LayerStatistics gradient(Matrix G) {
        return LayerStatistics.of("m", G, null);
    }

    /// No other product of the rank leaves less of the weight behind (Eckart and Young).
    @ParameterizedTest
    @CsvSource({"13, 7, 3", "7, 13, 1", "5, 5, 5", "1, 9, 1"})
    void pissaTakesThePrincipalPart(int in, int out, int r) {
        Matrix W = random(out, in, 3);
        var shape = new LayerShape(in, out, r, 1.7);
        LoraFactors f = new PissaInitializer().initialize(shape, weight(W), 1);
        double[] values = TruncatedSvd.exact(W).singularValues();
        double left = 0;
        for (int i = r; i < values.length; i++) {
            left += values[i] * values[i];
        }
        assertThat(W.minus(product(shape, f)).frobenius())
                .isCloseTo(Math.sqrt(left), within(TOLERANCE * W.frobenius()));
        assertClose(
                "balanced",
                b(shape, f).transposeTimes(b(shape, f)),
                a(shape, f).timesTransposed(a(shape, f)),
                TOLERANCE);
        assertThat(f.base()).isEqualTo(Base.SHIFTED);
    }

    @ParameterizedTest
    @CsvSource({"13, 7, 3", "7, 13, 4", "5, 5, 5", "6, 1, 1"})
    void oloraTakesTheFirstColumnsOfTheWeightExactly(int in, int out, int r) {
        Matrix W = random(out, in, 4);
        var shape = new LayerShape(in, out, r, 0.5);
        LoraFactors f = new OloraInitializer().initialize(shape, weight(W), 1);
        Matrix B = b(shape, f);
        assertClose("BᵀB", B.transposeTimes(B), Matrix.identity(r), TOLERANCE);
        assertClose(
                "first columns", B.times(a(shape, f)).columns(0, r), W.columns(0, r), TOLERANCE);
        assertClose("A = BᵀW", a(shape, f), B.transposeTimes(W), TOLERANCE);
        assertThat(f.base()).isEqualTo(Base.SHIFTED);
    }

    @Test
    void theQrFactorStaysOrthonormalWhereColumnsDepend() {
        Matrix Y = random(9, 2, 5);
        Matrix dependent =
                Matrix.of(
                                Y.transpose().rows(0, 1).values(),
                                new double[9],
                                Y.transpose().rows(0, 1).scaled(-3).values(),
                                Y.transpose().rows(1, 1).values())
                        .transpose();
        Matrix Q = ThinQr.orthonormalColumns(dependent);
        assertClose("QᵀQ", Q.transposeTimes(Q), Matrix.identity(4), 1e-12);
        assertClose("Q QᵀY", Q.times(Q.transposeTimes(dependent)), dependent, 1e-12);
    }

    /// The first step of `A` and `B` together: `B₀ B₀ᵀ G + G A₀ᵀ A₀` is what the adapter moves
    /// along; with `ArB2r` that is the best approximation of rank 2r of the gradient.
    @ParameterizedTest
    @EnumSource(LoraGaInitializer.Svd.class)
    void loraGaMovesAlongTheGradientsBestApproximation(LoraGaInitializer.Svd svd) {
        Matrix G = random(12, 15, 6);
        var shape = new LayerShape(15, 12, 3, 1);
        var initializer =
                new LoraGaInitializer(
                                LoraGaInitializer.Direction.AR_B2R,
                                LoraGaInitializer.Scale.UNIT,
                                16)
                        .with(svd);
        LoraFactors f = initializer.initialize(shape, gradient(G), 1);
        Matrix A = a(shape, f);
        Matrix B = b(shape, f);
        Matrix moved = B.times(B.transposeTimes(G)).plus(G.timesTransposed(A).times(A));
        assertClose("moved", moved, TruncatedSvd.of(G, 6, 1).product(), TOLERANCE);
        assertThat(f.base()).isEqualTo(Base.SHIFTED);
    }

    @ParameterizedTest
    @EnumSource(LoraGaInitializer.Direction.class)
    void loraGaHasFactorsOfOneLength(LoraGaInitializer.Direction direction) {
        Matrix G = random(12, 15, 7);
        var shape = new LayerShape(15, 12, 2, 3);
        LoraFactors f =
                new LoraGaInitializer(direction, LoraGaInitializer.Scale.STABLE, 16)
                        .initialize(shape, gradient(G), 1);
        double length = Math.pow(12, 0.25) / 4;
        for (double norm : b(shape, f).columnNorms()) {
            assertThat(norm).isCloseTo(length, within(TOLERANCE));
        }
        for (double norm : a(shape, f).transpose().columnNorms()) {
            assertThat(norm).isCloseTo(length, within(TOLERANCE));
        }
    }

    @Test
    void loraOneStepsAgainstTheGradient() {
        Matrix G = random(12, 15, 8);
        var shape = new LayerShape(15, 12, 4, 2);
        LoraFactors f = new LoraOneInitializer().initialize(shape, gradient(G), 1);
        TruncatedSvd svd = TruncatedSvd.exact(G);
        assertClose(
                "s B A",
                product(shape, f),
                TruncatedSvd.of(G, 4, 1).product().scaled(-2.0 / 128 / svd.singularValues()[0]),
                TOLERANCE);
        assertThat(product(shape, f).dot(G)).isNegative();
        assertThat(f.base()).isEqualTo(Base.KEPT);
    }

    @Test
    void evaTakesTheInputsLeadingDirections() {
        Matrix X = random(40, 11, 9);
        Matrix A = X.transposeTimes(X).scaled(1 / 40.0);
        var shape = new LayerShape(11, 6, 3, 1);
        LoraFactors f = new EvaInitializer().initialize(shape, LayerStatistics.of("m", null, A), 1);
        Matrix rows = a(shape, f);
        assertClose("A Aᵀ", rows.timesTransposed(rows), Matrix.identity(3), TOLERANCE);
        double[] values = TruncatedSvd.exact(X).singularValues();
        double kept = 0;
        for (int i = 0; i < 3; i++) {
            kept += values[i] * values[i];
        }
        double norm = X.timesTransposed(rows).frobenius();
        assertThat(norm * norm).isCloseTo(kept, within(TOLERANCE * kept));
        assertThat(f.loraB()).containsOnly(0f);
        assertThat(f.base()).isEqualTo(Base.KEPT);
    }

    @Test
    void aZeroGradientIsFlaggedNotScaled() {
        var shape = new LayerShape(6, 5, 2, 1);
        for (AdapterInitializer initializer :
                List.of(new LoraGaInitializer(), new LoraOneInitializer())) {
            LoraFactors f = initializer.initialize(shape, gradient(Matrix.zero(5, 6)), 1);
            assertThat(f.zeroGradient()).isTrue();
            assertThat(f.loraA()).containsOnly(0f);
        }
    }

    @Test
    void aRankThatTheGradientCannotServeIsRefused() {
        var shape = new LayerShape(6, 5, 3, 1);
        assertThatThrownBy(
                        () ->
                                new LoraGaInitializer()
                                        .initialize(shape, gradient(random(5, 6, 1)), 1))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("6 singular vectors of a 5 × 6 gradient")
                .hasMessageContaining("r up to 2");
        LoraFactors f =
                new LoraGaInitializer(
                                LoraGaInitializer.Direction.AR_BR,
                                LoraGaInitializer.Scale.STABLE,
                                16)
                        .initialize(shape, gradient(random(5, 6, 1)), 1);
        assertThat(f.loraA()).hasSize(18);
    }

    @Test
    void aStatisticThatIsMissingOrNotFiniteIsAnError() {
        var shape = new LayerShape(6, 5, 2, 1);
        for (AdapterInitializer initializer :
                List.of(
                        new PissaInitializer(),
                        new OloraInitializer(),
                        new LoraGaInitializer(),
                        new LoraOneInitializer(),
                        new EvaInitializer())) {
            assertThatThrownBy(
                            () -> initializer.initialize(shape, LayerStatistics.none("layer.3"), 1))
                    .as(initializer.toString())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("layer.3");
        }
        Matrix broken = random(5, 6, 2);
        broken.values()[7] = Double.NaN;
        assertThatThrownBy(() -> new LoraOneInitializer().initialize(shape, gradient(broken), 1))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("gradient holds infinities or NaN");
        assertThatThrownBy(
                        () ->
                                new LoraGaInitializer(
                                        LoraGaInitializer.Direction.AR_BR,
                                        LoraGaInitializer.Scale.STABLE,
                                        0))
                .hasMessageContaining("gamma");
    }
}
