package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Models whose weights are in as many arrays as an engine's largest one demands.
class SplitWeightsTest {
    private static LayoutEngine engine(long limit) {
        return new LayoutEngine(new JvmEngine(2), () -> new Layout(limit));
    }

    private static Session session(LayoutEngine engine, PeerReference reference, DataType frozen) {
        var session = new Session(engine, reference.task(), reference.checkpoint(), frozen);
        reference.loadAdapter(session);
        return session;
    }

    @ParameterizedTest
    @CsvSource({"bert, FLOAT32", "bert, BFLOAT16", "t5, FLOAT32", "qwen3/causal, FLOAT32"})
    void theyComputeWhatTheyDoInOneArray(String name, DataType frozen) {
        LayoutEngine one = engine(Layout.DEFAULT_LIMIT);
        try (PeerReference reference = PeerReference.of(name);
                Session whole = session(one, reference, frozen)) {
            Batch batch = reference.batch();
            float[] expected = step(whole, batch);
            LayoutEngine several = engine(one.longest());
            try (Session split = session(several, reference, frozen)) {
                assertThat(step(split, batch)).containsExactly(expected);
                assertThat(several.arenas(Region.WEIGHTS)).isGreaterThan(2);
                assertThat(several.longestArena()).isEqualTo(one.longest());
                for (LoraLayer layer : whole.adapters().values()) {
                    assertThat(split.read(layer.loraB()))
                            .containsExactly(whole.read(layer.loraB()));
                }
                int examples = batch.examples().length;
                assertThat(split.evaluator().evaluate(List.of(batch), examples).logits())
                        .isDeepEqualTo(
                                whole.evaluator().evaluate(List.of(batch), examples).logits());
            }
            long tooSmall = one.longest() - 1;
            assertThatThrownBy(
                            () ->
                                    session(
                                            new LayoutEngine(
                                                    new NullEngine(), () -> new Layout(tooSmall)),
                                            reference,
                                            frozen))
                    .isInstanceOf(CgloraException.class)
                    .hasMessageContaining("V-MEMORY");
        }
    }

    /// One with what the optimiser keeps, too.
    private static float[] step(Session session, Batch batch) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        session.training().prepare(optimizer, 1, 0.1, false);
        return session.training()
                .train(batch, batch.weights(1f / batch.terms()), 0, optimizer.hyper(1e-2, 1));
    }
}
