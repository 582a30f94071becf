package cglora.models.adapter;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.CgLoraInitializer.Form;
import cglora.models.adapter.CgLoraInitializer.Scale;
import cglora.models.block.Whitening;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.Damping;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.RandomMatrices;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitializerTest {
    private static final int IN = 10;
    private static final int OUT = 7;
    private static final LayerShape SHAPE = new LayerShape(IN, OUT, 3, 4);
    private static final String MODULE = "encoder.layer.0.attention.self.query";

    private static TokenStatistics tokens() {
        var random = new Random(1);
        Matrix X = RandomMatrices.fading(24, IN, 0.1, random);
        Matrix Gamma = RandomMatrices.fading(24, OUT, 0.1, random).scaled(0.01);
        int[] example = new int[24];
        for (int i = 0; i < example.length; i++) {
            example[i] = i / 2;
        }
        return new TokenStatistics(X, Gamma, Gamma, example, 12);
    }

    private static CurvatureStatistics statistics(Form form) {
        return switch (form) {
            case FACTORED -> tokens().factored(WeightSharing.EXPAND);
            case TOKENS -> tokens().gram(WeightSharing.EXPAND);
        };
    }

    private static LayerStatistics layer() {
        return LayerStatistics.of(MODULE, statistics(Form.FACTORED));
    }

    private static CgLoraInitializer with(boolean shift, Scale scale, double eta) {
        return new CgLoraInitializer(
                Damping.relative(1), 0.5, 0.5, Form.FACTORED, shift, scale, eta);
    }

    private static Matrix product(LayerShape shape, LoraFactors factors) {
        return Matrix.of(shape.out(), shape.r(), factors.loraB())
                .times(Matrix.of(shape.r(), shape.in(), factors.loraA()))
                .scaled(shape.scaling());
    }

    private static Matrix step(int rank) {
        return statistics(Form.FACTORED)
                .whitenedGradientSvd(Damping.relative(1), 0.5, 0.5, rank, 1)
                .product(1);
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void theProductIsTheWhitenedStepWhateverTheScaling(Form form) {
        var initializer =
                new CgLoraInitializer(
                        Damping.relative(1), 0.5, 0.5, form, false, Scale.BALANCED, 1);
        for (double scaling : new double[] {0.25, 2, 16 / Math.sqrt(3)}) {
            var shape = new LayerShape(IN, OUT, 3, scaling);
            LoraFactors factors =
                    initializer.initialize(shape, LayerStatistics.of(MODULE, statistics(form)), 5);
            assertThat(factors.base()).isEqualTo(Base.KEPT);
            assertThat(factors.zeroGradient()).isFalse();
            assertClose("s B A", product(shape, factors), step(3), 1e-6);
            assertClose(
                    "‖b_i‖ = ‖a_i‖",
                    Matrix.of(OUT, 3, factors.loraB()).columnNorms(),
                    Matrix.of(3, IN, factors.loraA()).transpose().columnNorms(),
                    1e-6);
        }
    }

    @Test
    void aStepSizeGivenAtOnceOrAfterwardsIsTheSame() {
        LoraFactors late = with(false, Scale.BALANCED, 1).initialize(SHAPE, layer(), 1);
        LoraFactors atOnce = with(false, Scale.BALANCED, 0.03).initialize(SHAPE, layer(), 1);
        assertClose("s B A", product(SHAPE, late.withStepSize(0.03)), product(SHAPE, atOnce), 1e-6);
        assertThatThrownBy(() -> late.withStepSize(-1)).hasMessageContaining("step size -1");
    }

    @Test
    void theStableScaleGivesAllComponentsOneLengthAndNeedsShift() {
        LoraFactors factors = with(true, Scale.STABLE, 1).initialize(SHAPE, layer(), 1);
        double length = Math.pow(OUT, 0.25) / 4;
        assertThat(factors.base()).isEqualTo(Base.SHIFTED);
        double[] expected = {length, length, length};
        assertClose("B", Matrix.of(OUT, 3, factors.loraB()).columnNorms(), expected, 1e-6);
        assertClose(
                "A", Matrix.of(3, IN, factors.loraA()).transpose().columnNorms(), expected, 1e-6);
        assertThat(product(SHAPE, factors).dot(step(3))).isPositive();
        assertThatThrownBy(() -> with(false, Scale.STABLE, 1)).hasMessageContaining("O-CONFLICT");
    }

    @Test
    void theSameStatisticsGiveTheSameFactors() {
        LoraFactors first = new CgLoraInitializer().initialize(SHAPE, layer(), 7);
        LoraFactors second = new CgLoraInitializer().initialize(SHAPE, layer(), 7);
        assertThat(second.loraA()).containsExactly(first.loraA());
        assertThat(second.loraB()).containsExactly(first.loraB());
    }

    @Test
    void needsFollowTheFormAndAMissingStatisticIsAnError() {
        assertThat(new CgLoraInitializer().needs())
                .containsExactlyInAnyOrder(Need.GRADIENT, Need.INPUT_FACTOR, Need.OUTPUT_FACTOR);
        assertThat(
                        new CgLoraInitializer(
                                        Damping.pi(1), 0.5, 0, Form.TOKENS, true, Scale.BALANCED, 1)
                                .needs())
                .containsExactly(Need.TOKENS);
        assertThat(new LoraInitializer().needs()).isEmpty();
        assertThatThrownBy(
                        () ->
                                new CgLoraInitializer()
                                        .initialize(SHAPE, LayerStatistics.none(MODULE), 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(MODULE);
    }

    @Test
    void statisticsThatAreNotFiniteNameTheModule() {
        Matrix G = RandomMatrices.gaussian(OUT, IN, new Random(1));
        G.values()[3] = Double.NaN;
        var broken =
                LayerStatistics.of(
                        MODULE, new FactoredKfac(Matrix.identity(IN), Matrix.identity(OUT), G));
        assertThatThrownBy(() -> new CgLoraInitializer().initialize(SHAPE, broken, 1))
                .hasMessageContaining("N-STATISTICS: " + MODULE);
        assertThatThrownBy(
                        () ->
                                WhitenedCoordinates.of(
                                        new CgLoraInitializer(), Whitening.WHOLE, SHAPE, broken, 1))
                .hasMessageContaining("N-STATISTICS: " + MODULE);
    }

    @Test
    void noDampingOnASingularFactorNamesModuleAndEigenvalue() {
        Matrix S = Matrix.identity(OUT);
        S.values()[0] = 0;
        var singular =
                LayerStatistics.of(
                        MODULE,
                        new FactoredKfac(
                                Matrix.identity(IN),
                                S,
                                RandomMatrices.gaussian(OUT, IN, new Random(1))));
        var undamped =
                new CgLoraInitializer(
                        Damping.relative(0), 0.5, 0.5, Form.FACTORED, false, Scale.BALANCED, 1);
        assertThatThrownBy(() -> undamped.initialize(SHAPE, singular, 1))
                .hasMessageContaining("N-DAMPING: " + MODULE)
                .hasMessageContaining("smallest eigenvalue 0");
    }

    @Test
    void aZeroGradientIsFlaggedAndRefusedWhenEveryLayerHasOne() {
        var dead =
                LayerStatistics.of(
                        MODULE,
                        new FactoredKfac(
                                Matrix.identity(IN), Matrix.zero(OUT, OUT), Matrix.zero(OUT, IN)));
        LoraFactors flagged = new CgLoraInitializer().initialize(SHAPE, dead, 1);
        assertThat(flagged.zeroGradient()).isTrue();
        assertThat(
                        WhitenedCoordinates.of(
                                        new CgLoraInitializer(), Whitening.WHOLE, SHAPE, dead, 1)
                                .factors()
                                .zeroGradient())
                .isTrue();
        LoraFactors alive = new CgLoraInitializer().initialize(SHAPE, layer(), 1);
        CgLoraInitializer.requireSomeGradient(List.of(flagged, alive));
        assertThatThrownBy(() -> CgLoraInitializer.requireSomeGradient(List.of(flagged, flagged)))
                .hasMessageContaining("N-ZERO")
                .hasMessageContaining("head is zero")
                .hasMessageContaining("no loss to lower");
    }

    @Test
    void ranksOutsideTheLayerAreRefused() {
        assertThatThrownBy(() -> new LayerShape(IN, OUT, 8, 1))
                .hasMessageContaining("A-RANK")
                .hasMessageContaining("rank 8, expected 1 … 7 (layer is 7 × 10)");
        assertThatThrownBy(() -> new LayerShape(IN, OUT, 1, 0)).hasMessageContaining("O-RANGE");
    }

    @Test
    void aGradientOfLowerRankLeavesTheSpareComponentsZero() {
        Matrix g = Matrix.zero(OUT, IN);
        g.values()[2] = 5;
        var single =
                LayerStatistics.of(
                        MODULE, new FactoredKfac(Matrix.identity(IN), Matrix.identity(OUT), g));
        LoraFactors factors = new CgLoraInitializer().initialize(SHAPE, single, 1);
        assertThat(Matrix.of(3, IN, factors.loraA()).isFinite()).isTrue();
        // Â = 2 I, Ŝ = 2 I
        assertClose("s B A", product(SHAPE, factors), g.scaled(-0.25), 1e-6);
    }

    @Test
    void loraStartsAtTheFunctionOfTheModelWithPeftsDistributions() {
        var shape = new LayerShape(384, 300, 16, 2);
        LoraFactors uniform =
                new LoraInitializer().initialize(shape, LayerStatistics.none(MODULE), 3);
        assertThat(uniform.base()).isEqualTo(Base.KEPT);
        assertThat(uniform.loraB()).hasSize(300 * 16).containsOnly(0);
        Matrix A = Matrix.of(16, 384, uniform.loraA());
        double bound = 1 / Math.sqrt(384);
        assertThat(A.maxAbsolute()).isLessThanOrEqualTo(bound).isGreaterThan(0.99 * bound);
        double deviation = A.frobenius() / Math.sqrt(16 * 384);
        assertThat(deviation).isCloseTo(bound / Math.sqrt(3), within(0.02 * bound));
        LoraFactors gaussian =
                new LoraInitializer(LoraInitializer.Distribution.GAUSSIAN)
                        .initialize(shape, LayerStatistics.none(MODULE), 3);
        Matrix normal = Matrix.of(16, 384, gaussian.loraA());
        assertThat(normal.frobenius() / Math.sqrt(16 * 384)).isCloseTo(1.0 / 16, within(0.03 / 16));
        assertThat(normal.maxAbsolute()).isGreaterThan(3.0 / 16);
        assertThat(new LoraInitializer().initialize(shape, LayerStatistics.none("b"), 4).loraA())
                .isNotEqualTo(uniform.loraA());
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void whitenedCoordinatesStartAtTheStepWithOrthogonalComponents(Form form) {
        var initializer =
                new CgLoraInitializer(
                        Damping.relative(1), 0.5, 0.5, form, false, Scale.BALANCED, 1);
        WhitenedCoordinates start =
                WhitenedCoordinates.of(
                        initializer,
                        Whitening.WHOLE,
                        SHAPE,
                        LayerStatistics.of(MODULE, statistics(form)),
                        1);
        assertClose("s L_s B′ A′ L_a", product(SHAPE, start.toLoraFactors(SHAPE)), step(3), 1e-5);
        for (int rank = 1; rank <= 3; rank++) {
            double change = start.spectrum().change(rank);
            assertThat(change).isCloseTo(step(rank).frobenius(), within(1e-9 * change));
        }
        Matrix B = Matrix.of(OUT, 3, start.factors().loraB());
        Matrix A = Matrix.of(3, IN, start.factors().loraA());
        Matrix gramB = B.transposeTimes(B);
        assertClose("B′ᵀB′ = A′A′ᵀ", gramB, A.timesTransposed(A), 1e-5);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(gramB.get(i, j)).isCloseTo(0, within(1e-6 * gramB.get(0, 0)));
            }
        }
        Matrix root = Matrix.of(OUT, OUT, start.outputRoot());
        assertThat(root.trace() / OUT).isCloseTo(1, within(1e-6));
        assertThat(Matrix.of(IN, IN, start.inputRoot()).trace() / IN).isCloseTo(1, within(1e-6));
        assertClose("L_s = L_sᵀ", root, root.transpose(), 1e-7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "pissa", "olora", "lora-ga", "lora-one", "eva", "cg-lora"})
    void theStableScaleKeepsDirectionsAndShiftsAProduct(String method) {
        var shape = new LayerShape(IN, OUT, 2, 4);
        AdapterInitializer own =
                switch (method) {
                    case "lora" -> new LoraInitializer();
                    case "pissa" -> new PissaInitializer();
                    case "olora" -> new OloraInitializer();
                    case "lora-ga" -> new LoraGaInitializer();
                    case "lora-one" -> new LoraOneInitializer();
                    case "eva" -> new EvaInitializer();
                    default -> new CgLoraInitializer();
                };
        FactoredKfac curvature = tokens().factored(WeightSharing.EXPAND);
        LayerStatistics known =
                (own instanceof CgLoraInitializer
                                ? LayerStatistics.of(MODULE, curvature)
                                : LayerStatistics.of(MODULE, curvature.G(), curvature.A()))
                        .withWeight(RandomMatrices.gaussian(OUT, IN, new Random(3)));
        LoraFactors before = own.initialize(shape, known, 1);
        var scale = new StableScale(own);
        LoraFactors after = scale.initialize(shape, known, 1);
        assertThat(scale.needs()).isEqualTo(own.needs());
        double length = Math.pow(OUT, 0.25) / 4;
        Matrix A = Matrix.of(2, IN, after.loraA()).transpose();
        Matrix B = Matrix.of(OUT, 2, after.loraB());
        boolean zero = method.equals("lora") || method.equals("eva");
        assertThat(after.base()).isEqualTo(zero ? Base.KEPT : Base.SHIFTED);
        for (int i = 0; i < 2; i++) {
            assertThat(A.columnNorms()[i]).isCloseTo(length, within(1e-6));
            assertThat(B.columnNorms()[i]).isCloseTo(zero ? 0 : length, within(1e-6));
        }
        // the directions are those of the method
        Matrix a = Matrix.of(2, IN, before.loraA()).transpose();
        Matrix b = Matrix.of(OUT, 2, before.loraB());
        for (int i = 0; i < 2; i++) {
            double cosine = A.columns(i, 1).dot(a.columns(i, 1)) / length / a.columnNorms()[i];
            assertThat(cosine).isCloseTo(1, within(1e-6));
            if (!zero) {
                assertThat(B.columns(i, 1).dot(b.columns(i, 1)) / length / b.columnNorms()[i])
                        .isCloseTo(1, within(1e-6));
            }
        }
    }

    @Test
    void theStableScaleLeavesAZeroGradientFlagged() {
        var dead = LayerStatistics.of(MODULE, Matrix.zero(OUT, IN), null);
        assertThat(
                        new StableScale(new LoraOneInitializer())
                                .initialize(SHAPE, dead, 1)
                                .zeroGradient())
                .isTrue();
    }
}
