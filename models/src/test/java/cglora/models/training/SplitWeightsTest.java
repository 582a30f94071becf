package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Models whose weights are in as many arrays as an engine's largest one demands.
class SplitWeightsTest {
    /// No score depends on it, so that its gradient is rounding, which AdamW makes a whole step of.
    private static final String KEY_BIAS = ".self.key.bias";

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
            long tooSmall = frozen.elements(largestParameter(reference)) - 1;
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

    /// Trained weights with their gradients and moments, too: a group lies in several arrays. The
    /// gradient's norm is summed in other blocks.
    @ParameterizedTest
    @ValueSource(strings = {"bert", "t5"})
    void trainedWeightsLieInSeveralArrays(String name) {
        try (PeerReference reference = PeerReference.of(name)) {
            requireEqualSteps(
                    reference,
                    engine(Layout.DEFAULT_LIMIT),
                    engine(largestParameter(reference)),
                    1e-6);
        }
    }

    static long largestParameter(PeerReference reference) {
        TaskModel task = reference.task();
        return Stream.concat(task.bodyParameters().stream(), task.headParameters().stream())
                .mapToLong(ParameterSpec::size)
                .max()
                .orElseThrow();
    }

    /// Two steps of full fine-tuning on both engines.
    ///
    /// @param several has buffers that hold no more than the largest parameter
    /// @param error   the largest difference of a loss or a weight
    static void requireEqualSteps(
            PeerReference reference, Engine one, LayoutEngine several, double error) {
        try (var whole = new Session(one, reference.task(), reference.checkpoint(), true);
                var split = new Session(several, reference.task(), reference.checkpoint(), true)) {
            Batch batch = reference.batch();
            assertThat(whole.trainable().get(TrainableGroup.BODY_MATRICES)).hasSize(1);
            assertThat(split.trainable().get(TrainableGroup.BODY_MATRICES).size()).isGreaterThan(2);
            for (int step = 0; step < 2; step++) {
                float[] expected = step(whole, batch);
                float[] actual = step(split, batch);
                assertThat(actual[0]).isCloseTo(expected[0], within((float) error));
                assertThat(actual[1] / expected[1]).isCloseTo(1f, within(1e-4f));
            }
            for (Region region :
                    List.of(
                            Region.PARAMETERS,
                            Region.GRADIENTS,
                            Region.STATE,
                            Region.SECOND_MOMENTS)) {
                assertThat(several.arenas(region)).as(region.toString()).isGreaterThan(2);
            }
            assertThat(split.training().tensors().shapes().keySet())
                    .isEqualTo(whole.training().tensors().shapes().keySet());
            for (ParameterSpec spec : reference.task().bodyParameters()) {
                if (spec.name().endsWith(KEY_BIAS)) {
                    continue;
                }
                float[] expected = whole.read(spec.name());
                float[] actual = split.read(spec.name());
                for (int i = 0; i < expected.length; i++) {
                    assertThat(actual[i])
                            .as("%s, element %d", spec.name(), i)
                            .isCloseTo(expected[i], within((float) error));
                }
            }
            var snapshot = split.training().snapshot();
            String last = reference.task().bodyParameters().getLast().name();
            float[] kept = split.read(last);
            split.write(last, new float[kept.length]);
            split.training().restore(snapshot);
            assertThat(split.read(last)).containsExactly(kept);
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
