package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Every family against transformers and PEFT, on the tiny models of [FamilyReference].
class FamilyParityTest {
    /// Of the logits' scale; the largest seen is 1.0e-6.
    private static final double LOGITS = 1e-5;

    /// Of the largest element of a parameter's gradient; the largest seen is 8.1e-6.
    private static final double GRADIENT = 5e-5;

    /// Of the largest element of any gradient: what rounding leaves where exact arithmetic gives 0,
    /// 1.3e-7 at most.
    private static final double FLOOR = 1e-6;

    /// Of the learning rate, how far a step may miss; the largest seen is 1.2e-5.
    private static final double STEP = 1e-4;

    static final List<String> FAMILIES = FamilyReference.NAMES;

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void tokensAreThoseOfTransformers(String name) {
        try (var reference = new FamilyReference(name)) {
            Batch batch = reference.tokenized();
            assertThat(batch.inputIds()).containsExactly(reference.inputIds());
            int[] mask = new int[batch.inputIds().length];
            for (int i = 0; i < mask.length; i++) {
                mask[i] = i % batch.width() < batch.lengths()[i / batch.width()] ? 1 : 0;
            }
            assertThat(mask).containsExactly(reference.attentionMask());
            int[] types = reference.tokenTypeIds();
            if (types.length > 0) {
                assertThat(batch.typeIds()).containsExactly(types);
                assertThat(types).contains(1);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void theBaseModelEqualsTransformers(String name) {
        try (var reference = new FamilyReference(name);
                var session = session(reference, true)) {
            assertThat(reference.checkpoint().unusedTensors()).isEmpty();
            Batch batch = reference.tokenized();
            checkLogits(session, batch, reference.values("base.logits"));
            float[] result = train(session, batch, List.of());
            assertThat(result[0]).isCloseTo(reference.values("base.loss")[0], within(1e-5f));
            checkGradients(session, reference, "base.gradient.", trained(session, true));
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void anAdapterOfPeftEqualsPeftAndSoDoesAStepOfAdamW(String name) {
        try (var reference = new FamilyReference(name);
                var session = session(reference, false)) {
            PeftAdapter adapter = PeftAdapter.read(reference.adapter());
            List<LoraLayer> layers = load(session, adapter, reference);
            Batch batch = reference.tokenized();
            checkLogits(session, batch, reference.values("adapter.logits"));
            var before = new HashMap<String, float[]>();
            List<String> trained = trained(session, false);
            trained.forEach(p -> before.put(p, session.read(p)));
            float[] result = train(session, batch, layers);
            assertThat(result[0]).isCloseTo(reference.values("adapter.loss")[0], within(1e-5f));
            float norm = reference.values("adapter.norm")[0];
            assertThat(result[1]).isCloseTo(norm, within(1e-4f * norm));
            checkGradients(session, reference, "adapter.gradient.", trained);
            for (String parameter : trained) {
                checkStep(
                        parameter,
                        before.get(parameter),
                        session.read(parameter),
                        reference.values("adapter.step." + parameter));
            }
        }
    }

    private static Session session(FamilyReference reference, boolean trainBody) {
        return new Session(
                new JvmEngine(2), reference.classifier(), reference.checkpoint(), trainBody);
    }

    private static List<LoraLayer> load(
            Session session, PeftAdapter adapter, FamilyReference reference) {
        var head = session.model().classifierHead();
        adapter.requireSaved(head.parameters(), head.saved(), reference.adapter().toString());
        Map<String, LinearModule> modules = new HashMap<>();
        session.model().linearModules().forEach(m -> modules.put(m.name(), m));
        var layers = new ArrayList<LoraLayer>();
        adapter.layers()
                .forEach(
                        (module, layer) ->
                                layers.add(
                                        new LoraLayer(
                                                modules.get(module),
                                                layer.r(),
                                                (float) layer.scaling(),
                                                0f,
                                                false)));
        session.addAdapters(layers);
        for (LoraLayer layer : layers) {
            var factors = adapter.layers().get(layer.module().name());
            session.write(layer.loraA(), factors.loraA());
            session.write(layer.loraB(), factors.loraB());
        }
        adapter.saved().forEach(session::write);
        return layers;
    }

    private static List<String> trained(Session session, boolean body) {
        var names = new ArrayList<String>();
        session.model().headParameters().forEach(p -> names.add(p.name()));
        if (body) {
            session.model().bodyParameters().stream().map(ParameterSpec::name).forEach(names::add);
        }
        for (LoraLayer layer : session.adapters().values()) {
            names.add(layer.loraA());
            names.add(layer.loraB());
        }
        return names;
    }

    private static float[] train(Session session, Batch batch, List<LoraLayer> layers) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        session.prepareTraining(layers, optimizer, 1, FamilyReference.WEIGHT_DECAY, false);
        float[] weights = new float[batch.rows()];
        Arrays.fill(weights, 1f / batch.rows());
        return session.train(batch, weights, 0, optimizer.hyper(FamilyReference.LEARNING_RATE, 1));
    }

    private static void checkLogits(Session session, Batch batch, float[] expected) {
        float[][] rows = session.evaluate(List.of(batch), batch.rows()).logits();
        int outputs = session.model().outputs();
        float[] actual = new float[expected.length];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, actual, r * outputs, outputs);
        }
        assertThat(largestDifference(actual, expected))
                .as("logits %s, expected %s", Arrays.toString(actual), Arrays.toString(expected))
                .isLessThanOrEqualTo(LOGITS * largest(expected));
    }

    private static void checkGradients(
            Session session, FamilyReference reference, String prefix, List<String> trained) {
        assertThat(reference.namesBehind(prefix)).containsExactlyInAnyOrderElementsOf(trained);
        double most = 0;
        for (String parameter : trained) {
            most = Math.max(most, largest(reference.values(prefix + parameter)));
        }
        for (String parameter : trained) {
            float[] expected = reference.values(prefix + parameter);
            assertThat(largestDifference(session.gradient(parameter), expected))
                    .as("gradient of %s, whose largest element is %s", parameter, largest(expected))
                    .isLessThanOrEqualTo(GRADIENT * largest(expected) + FLOOR * most);
        }
    }

    private static void checkStep(
            String parameter, float[] before, float[] after, float[] expected) {
        double bound = STEP * FamilyReference.LEARNING_RATE + Math.ulp((float) largest(expected));
        assertThat(largestDifference(after, expected))
                .as("%s after a step", parameter)
                .isLessThanOrEqualTo(bound);
        assertThat(largestDifference(after, before))
                .as("how far the step moves %s", parameter)
                .isGreaterThan(0.5 * FamilyReference.LEARNING_RATE);
    }

    private static double largestDifference(float[] actual, float[] expected) {
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
