package cglora.models.curvature;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import cglora.models.curvature.CgLoraFixtures.Fixture;
import cglora.models.linalg.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/// Compares with reference vectors that share no code with this project.
class CgLoraFixturesTest {
    private static final double TOLERANCE = 1e-9;

    @TestFactory
    List<DynamicNode> casesAgreeWithTheReference() {
        List<Fixture> cases = CgLoraFixtures.cases();
        if (cases.isEmpty()) {
            return skipped("no CG-LoRA reference vectors below " + CgLoraFixtures.folder());
        }
        List<DynamicNode> containers = new ArrayList<>();
        for (Fixture fixture : cases) {
            List<DynamicNode> tests = new ArrayList<>();
            JsonNode json = fixture.json();
            TokenStatistics tokens = CgLoraFixtures.tokens(json);
            tests.add(
                    dynamicTest(
                            "token correlation",
                            () ->
                                    assertClose(
                                            "κ",
                                            new double[] {tokens.tokenCorrelation()},
                                            new double[] {
                                                json.get("token_correlation").doubleValue()
                                            },
                                            TOLERANCE)));
            for (String mode : List.of("expand", "reduce")) {
                WeightSharing sharing = WeightSharing.valueOf(mode.toUpperCase(Locale.ROOT));
                JsonNode block = json.get("modes").get(mode);
                FactoredKfac factored = tokens.factored(sharing);
                TokenGram gram = tokens.gram(sharing);
                tests.add(
                        dynamicTest(
                                mode + ": A, S, G", () -> compareFactors(json, block, factored)));
                for (JsonNode variant : block.get("variants")) {
                    String name =
                            "%s: %s %s p_a %s p_s %s"
                                    .formatted(
                                            mode,
                                            variant.get("damping").stringValue(),
                                            variant.get("lambda"),
                                            variant.get("p_a"),
                                            variant.get("p_s"));
                    tests.add(
                            dynamicTest(
                                    name + ", factored",
                                    () -> compareVariant(json, variant, factored)));
                    tests.add(
                            dynamicTest(
                                    name + ", implicit",
                                    () -> compareVariant(json, variant, gram)));
                }
            }
            containers.add(dynamicContainer(fixture.name(), tests));
        }
        return containers;
    }

    private static void compareFactors(JsonNode json, JsonNode block, FactoredKfac factored) {
        assertClose("A", factored.A(), CgLoraFixtures.matrix(block.get("A")), TOLERANCE);
        assertClose("S", factored.S(), CgLoraFixtures.matrix(block.get("S")), TOLERANCE);
        assertClose("G", factored.G(), CgLoraFixtures.matrix(json.get("G")), TOLERANCE);
    }

    private static void compareVariant(
            JsonNode json, JsonNode variant, CurvatureStatistics statistics) {
        Damping damping = CgLoraFixtures.damping(variant);
        double pA = variant.get("p_a").doubleValue();
        double pS = variant.get("p_s").doubleValue();
        int rank = json.get("rank").intValue();
        double eta = json.get("eta").doubleValue();
        double alpha = json.get("alpha").doubleValue();

        OperatorRoots roots = statistics.roots(damping, pA, pS);
        assertClose(
                "λ_a, λ_s",
                new double[] {
                    roots.damping().lambdaA() / variant.get("lambda_a").doubleValue(),
                    roots.damping().lambdaS() / variant.get("lambda_s").doubleValue()
                },
                new double[] {1, 1},
                TOLERANCE);
        if (variant.has("A_inverse_power")) {
            assertClose(
                    "Â^{-p_a}",
                    roots.inputRows(0, statistics.in()),
                    CgLoraFixtures.matrix(variant.get("A_inverse_power")),
                    TOLERANCE);
            assertClose(
                    "Ŝ^{-p_s}",
                    roots.outputRows(0, statistics.out()),
                    CgLoraFixtures.matrix(variant.get("S_inverse_power")),
                    TOLERANCE);
        }
        assertClose(
                "M",
                statistics.whitenedGradient(damping, pA, pS),
                CgLoraFixtures.matrix(variant.get("M")),
                TOLERANCE);
        double[] values = CgLoraFixtures.vector(variant.get("singular_values"));
        assertClose(
                "singular values",
                statistics
                        .whitenedGradientSvd(damping, pA, pS, values.length, 1)
                        .svd()
                        .singularValues(),
                values,
                TOLERANCE);

        WhitenedGradient gradient = statistics.whitenedGradientSvd(damping, pA, pS, rank, 1);
        for (String key : List.of("scaled_product", "implicit_scaled_product")) {
            if (variant.has(key)) {
                Matrix expected = CgLoraFixtures.matrix(variant.get(key));
                assertClose(key, gradient.product(eta), expected, TOLERANCE);
                for (double scaling : new double[] {alpha / rank, 2, alpha / Math.sqrt(rank)}) {
                    WhitenedGradient.Factors factors = gradient.balanced(scaling, eta);
                    assertClose(
                            "s · B · A of " + key,
                            factors.B().times(factors.A()).scaled(scaling),
                            expected,
                            TOLERANCE);
                    assertClose(
                            "norms",
                            factors.B().columnNorms(),
                            factors.A().transpose().columnNorms(),
                            TOLERANCE);
                }
            }
        }
    }

    @TestFactory
    List<DynamicNode> alignmentAgreesWithTheReference() {
        List<Fixture> fixtures = CgLoraFixtures.alignments();
        if (fixtures.isEmpty()) {
            return skipped("no alignment reference below " + CgLoraFixtures.folder());
        }
        List<DynamicNode> tests = new ArrayList<>();
        for (Fixture fixture : fixtures) {
            tests.add(dynamicTest(fixture.name(), () -> compareAlignment(fixture.json())));
        }
        return tests;
    }

    private static void compareAlignment(JsonNode json) {
        PredictionAlignment alignment =
                PredictionAlignment.of(
                        CgLoraFixtures.matrix(json.get("pretrained")),
                        CgLoraFixtures.matrix(json.get("reference")),
                        CgLoraFixtures.matrix(json.get("adapted")));
        Offset<Double> tolerance = within(TOLERANCE);
        assertThat(alignment.relativeDistance())
                .isCloseTo(json.get("relative_distance").doubleValue(), tolerance);
        assertThat(alignment.relativeDistanceRaw())
                .isCloseTo(json.get("relative_distance_raw").doubleValue(), tolerance);
        assertThat(alignment.relativeDistanceH())
                .isCloseTo(json.get("relative_distance_h").doubleValue(), tolerance);
        assertThat(alignment.cosine()).isCloseTo(json.get("cosine").doubleValue(), tolerance);
        assertThat(alignment.kl()).isCloseTo(json.get("kl").doubleValue(), tolerance);
        assertThat(alignment.agreement()).isCloseTo(json.get("agreement").doubleValue(), tolerance);
    }

    /// One test that is reported as skipped; a factory that gives up is not reported at all.
    private static List<DynamicNode> skipped(String reason) {
        return List.of(dynamicTest(reason, () -> abort(reason)));
    }
}
