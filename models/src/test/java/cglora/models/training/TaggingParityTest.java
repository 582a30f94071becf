package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Models that give each word a class against transformers and PEFT, on the tiny models of
/// [TaggingReference].
class TaggingParityTest {
    /// Of the learning rate, how far a step may miss.
    private static final double STEP = 1e-4;

    static final List<String> FAMILIES = TaggingReference.NAMES;

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void tokensAndWhatIsAskedForAreThoseOfTransformers(String name) {
        try (var reference = new TaggingReference(name)) {
            Batch batch = reference.batch();
            assertThat(batch.inputIds()).containsExactly(reference.ints("input.input_ids"));
            int[] labels = reference.ints("input.labels");
            assertThat(batch.target().labels())
                    .containsExactly(Arrays.stream(labels).map(l -> l == -100 ? -1 : l).toArray());
            assertThat(labels).contains(0, 1, 2, -100);
            int[] mask = reference.ints("input.attention_mask");
            for (int row = 0; row < batch.rows(); row++) {
                int from = row * batch.width();
                assertThat(Arrays.stream(mask, from, from + batch.width()).sum())
                        .isEqualTo(batch.lengths()[row]);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void theBaseModelEqualsTransformers(String name) {
        try (var reference = new TaggingReference(name);
                var session = session(reference)) {
            assertThat(reference.checkpoint().unusedTensors()).isEmpty();
            assertThat(reference.checkpoint().tokenHead().outputs()).isEqualTo(3);
            assertThat(reference.checkpoint().hasHead()).isFalse();
            checkLogits(session, reference, "base.logits");
            Dataset data = reference.data();
            Evaluation found =
                    session.evaluator().evaluate(List.of(reference.batch()), data.size());
            assertThat(session.task().metrics(found, data).get("loss"))
                    .isCloseTo(reference.values("base.loss")[0], within(1e-5));
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void anAdapterOfPeftEqualsPeftAndSoDoesAStepOfAdamW(String name) {
        try (var reference = new TaggingReference(name);
                var session = session(reference)) {
            var head = session.classifier().classifierHead();
            reference.adapter().requireSaved(head.parameters(), head.saved(), name);
            List<LoraLayer> layers = reference.loadAdapter(session);
            checkLogits(session, reference, "adapter.logits");
            Parity.checkStepOfAdamW(
                    session,
                    reference,
                    layers,
                    session.task().headParameters().stream().map(ParameterSpec::name).toList(),
                    STEP);
        }
    }

    /// Padding to another width says the same of each word.
    @Test
    void whatIsSaidOfAWordDoesNotDependOnTheBatch() {
        try (var reference = new TaggingReference("bert");
                var session = session(reference)) {
            Dataset data = reference.data();
            float[][] together =
                    session.evaluator().evaluate(List.of(reference.batch()), data.size()).logits();
            int[] widths = {8, 24};
            var batcher = new Batcher(1, widths, 0, widths);
            float[][] alone =
                    session.evaluator().evaluate(batcher.sequential(data), data.size()).logits();
            for (int i = 0; i < together.length; i++) {
                assertThat(alone[i]).containsExactly(together[i], within(1e-5f));
            }
        }
    }

    private static Session session(TaggingReference reference) {
        return new Session(new JvmEngine(2), reference.task(), reference.checkpoint(), false);
    }

    private static void checkLogits(Session session, TaggingReference reference, String name) {
        Batch batch = reference.batch();
        float[][] rows = session.evaluator().evaluate(List.of(batch), batch.rows()).logits();
        float[] all = new float[Arrays.stream(rows).mapToInt(row -> row.length).sum()];
        int at = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, all, at, row.length);
            at += row.length;
        }
        Parity.checkLogits(all, reference.values(name));
    }
}
