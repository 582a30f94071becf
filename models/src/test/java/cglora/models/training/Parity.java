package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/// How near a model comes to what a [PeerReference] holds.
final class Parity {
    /// Of the logits' scale; the largest seen is 1.0e-6.
    private static final double LOGITS = 1e-5;

    /// Of the largest element of a parameter's gradient; the largest seen is 8.1e-6.
    private static final double GRADIENT = 5e-5;

    /// Of the largest element of any gradient: what rounding leaves where exact arithmetic gives 0,
    /// 1.3e-7 at most.
    private static final double FLOOR = 1e-6;

    private Parity() {}

    static void checkLogits(float[] actual, float[] expected) {
        assertThat(difference(actual, expected))
                .as("logits")
                .isLessThanOrEqualTo(LOGITS * largest(expected));
    }

    /// @param trained the parameters that have a gradient, and no others
    static void checkGradients(
            Session session, PeerReference reference, String prefix, List<String> trained) {
        assertThat(reference.namesBehind(prefix)).containsExactlyInAnyOrderElementsOf(trained);
        double most = 0;
        for (String parameter : trained) {
            most = Math.max(most, largest(reference.values(prefix + parameter)));
        }
        for (String parameter : trained) {
            float[] expected = reference.values(prefix + parameter);
            assertThat(difference(session.training().gradient(parameter), expected))
                    .as("gradient of %s, whose largest element is %s", parameter, largest(expected))
                    .isLessThanOrEqualTo(GRADIENT * largest(expected) + FLOOR * most);
        }
    }

    /// @param tolerance of the learning rate, how far the step may miss
    static void checkStep(
            String parameter, float[] before, float[] after, float[] expected, double tolerance) {
        double bound =
                tolerance * FamilyReference.LEARNING_RATE + Math.ulp((float) largest(expected));
        assertThat(difference(after, expected))
                .as("%s after a step", parameter)
                .isLessThanOrEqualTo(bound);
        assertThat(difference(after, before))
                .as("how far the step moves %s", parameter)
                .isGreaterThan(0.5 * FamilyReference.LEARNING_RATE);
    }

    /// A step of AdamW on the reference's batch equals what PEFT's takes: loss, norm, gradients and
    /// the parameters behind it.
    ///
    /// @param layers    that have an adapter, which is trained
    /// @param others    parameters that are trained, too
    /// @param tolerance as in [#checkStep]
    static void checkStepOfAdamW(
            Session session,
            PeerReference reference,
            List<LoraLayer> layers,
            List<String> others,
            double tolerance) {
        var trained = new ArrayList<>(others);
        layers.forEach(layer -> trained.addAll(List.of(layer.loraA(), layer.loraB())));
        var before = new HashMap<String, float[]>();
        trained.forEach(p -> before.put(p, session.read(p)));
        float[] result = step(session, reference.batch());
        assertThat(result[0]).isCloseTo(reference.values("adapter.loss")[0], within(1e-5f));
        float norm = reference.values("adapter.norm")[0];
        assertThat(result[1]).isCloseTo(norm, within(1e-4f * norm));
        checkGradients(session, reference, "adapter.gradient.", trained);
        for (String parameter : trained) {
            checkStep(
                    parameter,
                    before.get(parameter),
                    session.read(parameter),
                    reference.values("adapter.step." + parameter),
                    tolerance);
        }
    }

    /// A step on a batch of tokens.
    ///
    /// @return the loss and the norm of the gradient
    static float[] step(Session session, Batch batch) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        session.training().prepare(optimizer, 1, FamilyReference.WEIGHT_DECAY, false);
        return session.training()
                .train(
                        batch,
                        batch.weights(1f / batch.terms()),
                        0,
                        optimizer.hyper(FamilyReference.LEARNING_RATE, 1));
    }

    /// The largest difference of two elements.
    private static double difference(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            largest = Double.isNaN(difference) ? Double.NaN : Math.max(largest, difference);
        }
        return largest;
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
