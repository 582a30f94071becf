package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Every family against transformers and PEFT, on the tiny models of [FamilyReference].
class FamilyParityTest {
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
            float[] result = train(session, batch);
            assertThat(result[0]).isCloseTo(reference.values("base.loss")[0], within(1e-5f));
            Parity.checkGradients(session, reference, "base.gradient.", trained(session, true));
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void anAdapterOfPeftEqualsPeftAndSoDoesAStepOfAdamW(String name) {
        try (var reference = new FamilyReference(name);
                var session = session(reference, false)) {
            var head = session.model().classifierHead();
            reference.adapter().requireSaved(head.parameters(), head.saved(), name);
            reference.loadAdapter(session);
            Batch batch = reference.tokenized();
            checkLogits(session, batch, reference.values("adapter.logits"));
            var before = new HashMap<String, float[]>();
            List<String> trained = trained(session, false);
            trained.forEach(p -> before.put(p, session.read(p)));
            float[] result = train(session, batch);
            assertThat(result[0]).isCloseTo(reference.values("adapter.loss")[0], within(1e-5f));
            float norm = reference.values("adapter.norm")[0];
            assertThat(result[1]).isCloseTo(norm, within(1e-4f * norm));
            Parity.checkGradients(session, reference, "adapter.gradient.", trained);
            for (String parameter : trained) {
                Parity.checkStep(
                        parameter,
                        before.get(parameter),
                        session.read(parameter),
                        reference.values("adapter.step." + parameter),
                        STEP);
            }
        }
    }

    private static Session session(FamilyReference reference, boolean trainBody) {
        return new Session(
                new JvmEngine(2), reference.classifier(), reference.checkpoint(), trainBody);
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

    private static float[] train(Session session, Batch batch) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        session.training().prepare(optimizer, 1, FamilyReference.WEIGHT_DECAY, false);
        float[] weights = new float[batch.rows()];
        Arrays.fill(weights, 1f / batch.rows());
        return session.training()
                .train(batch, weights, 0, optimizer.hyper(FamilyReference.LEARNING_RATE, 1));
    }

    private static void checkLogits(Session session, Batch batch, float[] expected) {
        float[][] rows = session.evaluator().evaluate(List.of(batch), batch.rows()).logits();
        int outputs = session.model().outputs();
        float[] actual = new float[expected.length];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, actual, r * outputs, outputs);
        }
        Parity.checkLogits(actual, expected);
    }
}
