package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.Norms;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.data.TokenTargets;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.FiniteDifference;
import cglora.models.linalg.Matrix;
import cglora.models.training.PackedTasks.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Examples that share rows train exactly as those that have rows of their own.
class PackingParityTest {
    private static final int EXAMPLES = 15;
    private static final double RELATIVE = 1e-5;

    /// @param adapted whether adapters are trained, or all weights
    record Case(String model, boolean adapted) {}

    static final List<Case> CASES =
            PackedTasks.NAMES.stream()
                    .flatMap(name -> Stream.of(true, false).map(adapted -> new Case(name, adapted)))
                    .toList();

    static final List<String> NAMES = PackedTasks.NAMES;

    private static Session session(PretrainedModel checkpoint, boolean adapted) {
        return PackedTasks.session(new JvmEngine(2), checkpoint, adapted);
    }

    /// Several rows, most of them with several examples, fewer than there are examples.
    private static void requireWorthwhile(Batch packed) {
        assertThat(packed.rows()).isBetween(3, EXAMPLES / 2 + 1);
        assertThat(packed.examples()).hasSize(EXAMPLES).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @FieldSource("CASES")
    void lossAndGradientsAreThoseOfRowsOfTheirOwn(Case tried) {
        try (PretrainedModel checkpoint = TokenTasks.load(tried.model());
                Session apart = session(checkpoint, tried.adapted());
                Session together = session(checkpoint, tried.adapted())) {
            Dataset data = PackedTasks.conversations(checkpoint, EXAMPLES);
            Batch packed = PackedTasks.packed(data);
            requireWorthwhile(packed);
            assertThat(packed.terms()).isEqualTo(PackedTasks.asked(data));
            Step expected = Step.of(apart, PackedTasks.unpacked(data));
            Step actual = Step.of(together, packed);
            for (int i = 0; i < 2; i++) {
                assertThat(actual.result()[i])
                        .isCloseTo(
                                expected.result()[i],
                                within((float) RELATIVE * expected.result()[i]));
            }
            assertThat(actual.gradients().keySet()).isEqualTo(expected.gradients().keySet());
            expected.gradients()
                    .forEach(
                            (name, gradient) ->
                                    assertThat(
                                                    Norms.difference(
                                                            actual.gradients().get(name), gradient))
                                            .as("gradient of " + name)
                                            .isLessThan(RELATIVE));
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void logitsAreThoseOfRowsOfTheirOwn(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = session(checkpoint, true)) {
            Dataset data = PackedTasks.conversations(checkpoint, EXAMPLES);
            Batch packed = PackedTasks.packed(data);
            Map<List<Integer>, Matrix> expected = logits(session, data, PackedTasks.unpacked(data));
            Map<List<Integer>, Matrix> actual = logits(session, data, packed);
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            assertThat(actual).hasSize(PackedTasks.asked(data));
            expected.forEach(
                    (term, logits) ->
                            assertThat(actual.get(term).minus(logits).frobenius())
                                    .as("%s", term)
                                    .isLessThan(RELATIVE * logits.frobenius()));
            // the same rows as one sequence each, whose tokens see all in front of them
            int[] whole = packed.starts().clone();
            for (int i = 0; i < whole.length; i++) {
                whole[i] = whole[i] < packed.width() ? 0 : whole[i];
            }
            Map<List<Integer>, Matrix> sloppy = logits(session, data, withStarts(packed, whole));
            double largest =
                    expected.entrySet().stream()
                            .mapToDouble(
                                    term ->
                                            sloppy.get(term.getKey())
                                                            .minus(term.getValue())
                                                            .frobenius()
                                                    / term.getValue().frobenius())
                            .max()
                            .orElseThrow();
            assertThat(largest).isGreaterThan(1e-2);
        }
    }

    private static Batch withStarts(Batch packed, int[] starts) {
        return new Batch(
                packed.rows(),
                packed.width(),
                packed.examples(),
                packed.inputIds(),
                packed.typeIds(),
                packed.lengths(),
                packed.labels(),
                packed.targets(),
                packed.target(),
                starts);
    }

    /// By example and the how manieth of its tokens that are asked for: a batch has its terms in
    /// the order of its examples.
    private static Map<List<Integer>, Matrix> logits(Session session, Dataset data, Batch batch) {
        Evaluator.Scores scores = session.evaluator().scores(batch);
        TokenTargets target = batch.target();
        var logits = new HashMap<List<Integer>, Matrix>();
        int next = 0;
        int asked = 0;
        for (int term = 0; term < target.tokens().length; term++) {
            if (target.tokens()[term] >= 0) {
                int example = batch.examples()[next];
                logits.put(List.of(example, asked++), scores.row(term));
                if (asked == PackedTasks.asked(data, example)) {
                    next++;
                    asked = 0;
                }
            }
        }
        return logits;
    }

    /// The model in float64 says the same of the packed rows, and of each gradient's slope.
    @ParameterizedTest
    @FieldSource("NAMES")
    void gradientsAreSlopesOfTheLossInFloat64(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = session(checkpoint, true)) {
            Batch packed = PackedTasks.packed(PackedTasks.conversations(checkpoint, EXAMPLES));
            var loss = new Float64Loss(session, packed, packed.weights(1f / packed.terms()), 0);
            Step step = Step.of(session, packed);
            assertThat((double) step.result()[0]).isCloseTo(loss.value(), within(1e-5));
            double largest =
                    step.gradients().values().stream()
                            .mapToDouble(PackingParityTest::largest)
                            .max()
                            .orElseThrow();
            var random = new Random(name.hashCode());
            step.gradients()
                    .forEach(
                            (parameter, gradient) -> {
                                int element = random.nextInt(gradient.length);
                                double slope =
                                        FiniteDifference.along(
                                                values -> loss.with(parameter, values),
                                                loss.parameter(parameter),
                                                FiniteDifference.coordinate(
                                                        gradient.length, element))[0];
                                assertThat((double) gradient[element])
                                        .as("element %d of %s", element, parameter)
                                        .isCloseTo(
                                                slope,
                                                within(1e-4 * Math.abs(slope) + 1e-6 * largest));
                            });
        }
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /// Layers that are computed again have the same bits in packed rows, too.
    @ParameterizedTest
    @FieldSource("NAMES")
    void recomputedLayersHaveTheSameBits(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session kept = session(checkpoint, true);
                Session again = session(checkpoint, true)) {
            Batch packed = PackedTasks.packed(PackedTasks.conversations(checkpoint, EXAMPLES));
            again.recomputeLayers(true);
            Step expected = Step.of(kept, packed);
            Step actual = Step.of(again, packed);
            assertThat(actual.result()).containsExactly(expected.result());
            expected.gradients()
                    .forEach(
                            (parameter, gradient) ->
                                    assertThat(actual.gradients().get(parameter))
                                            .as(parameter)
                                            .containsExactly(gradient));
        }
    }
}
