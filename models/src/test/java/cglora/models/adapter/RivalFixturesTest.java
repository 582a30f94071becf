package cglora.models.adapter;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import cglora.models.curvature.CgLoraFixtures;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/// The other methods' starts beside reference values that share no code with this project. The
/// factors are float32, the references float64.
class RivalFixturesTest {
    private static final double TOLERANCE = 2e-6;

    @TestFactory
    List<DynamicTest> rivalsAgreeWithTheReference() {
        var tests = new ArrayList<DynamicTest>();
        for (CgLoraFixtures.Fixture fixture : CgLoraFixtures.cases()) {
            JsonNode json = fixture.json();
            if (json.has("rivals")) {
                for (String rival : List.of("pissa", "lora_ga", "lora_one")) {
                    JsonNode expected = json.get("rivals").get(rival);
                    tests.add(
                            dynamicTest(
                                    fixture.name() + ": " + rival,
                                    () -> compare(json, rival, expected)));
                }
            }
        }
        return tests.isEmpty()
                ? List.of(
                        dynamicTest(
                                "skipped",
                                () ->
                                        abort(
                                                "no reference values of rivals below "
                                                        + CgLoraFixtures.folder())))
                : tests;
    }

    private static void compare(JsonNode json, String rival, JsonNode expected) {
        int rank = json.get("rank").intValue();
        Matrix W = CgLoraFixtures.matrix(json.get("W"));
        Matrix G = CgLoraFixtures.matrix(json.get("G"));
        var shape =
                new LayerShape(G.columns(), G.rows(), rank, json.get("alpha").doubleValue() / rank);
        LayerStatistics known = LayerStatistics.of("layer", G, null).withWeight(W);
        switch (rival) {
            case "pissa" -> compareProduct(shape, new PissaInitializer(), known, expected, W);
            case "lora_ga" -> {
                var initializer = new LoraGaInitializer();
                LoraFactors factors = initializer.initialize(shape, known, 1);
                Matrix A = Matrix.of(rank, shape.in(), factors.loraA());
                assertClose("AᵀA", A.transposeTimes(A), matrix(expected, "AtA"), TOLERANCE);
                double[] values = TruncatedSvd.exact(G).singularValues();
                if (values[2 * rank - 1] > 1e-9 * values[0]) {
                    // otherwise B takes directions that no gradient has: any will do
                    compareProduct(shape, initializer, known, expected, W);
                    Matrix B = Matrix.of(shape.out(), rank, factors.loraB());
                    assertClose("BBᵀ", B.timesTransposed(B), matrix(expected, "BBt"), TOLERANCE);
                }
            }
            case "lora_one" -> {
                compareProduct(shape, new LoraOneInitializer(), known, expected, W);
                LoraFactors code =
                        new LoraOneInitializer(LoraOneInitializer.Scale.STABLE, 16)
                                .initialize(shape, known, 1);
                assertClose(
                        "the published code's s · B · A",
                        product(shape, code),
                        matrix(expected, "scaled_product_code_variant"),
                        TOLERANCE);
            }
            default -> throw new IllegalArgumentException(rival);
        }
    }

    private static void compareProduct(
            LayerShape shape,
            AdapterInitializer initializer,
            LayerStatistics known,
            JsonNode expected,
            Matrix W) {
        Matrix product = product(shape, initializer.initialize(shape, known, 1));
        assertClose("s · B · A", product, matrix(expected, "scaled_product"), TOLERANCE);
        if (expected.has("shifted_weight")) {
            assertClose(
                    "W − s · B · A",
                    W.minus(product),
                    matrix(expected, "shifted_weight"),
                    TOLERANCE);
        }
    }

    private static Matrix matrix(JsonNode expected, String key) {
        return CgLoraFixtures.matrix(expected.get(key));
    }

    private static Matrix product(LayerShape shape, LoraFactors factors) {
        return Matrix.of(shape.out(), shape.r(), factors.loraB())
                .times(Matrix.of(shape.r(), shape.in(), factors.loraA()))
                .scaled(shape.scaling());
    }
}
