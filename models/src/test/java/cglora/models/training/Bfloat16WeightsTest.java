package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.program.DataType;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.family.PretrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Models whose frozen matrices are kept as bfloat16.
class Bfloat16WeightsTest {
    static final List<String> MODELS =
            Stream.of(FamilyReference.NAMES, Seq2SeqReference.NAMES, PeerReference.causal())
                    .flatMap(List::stream)
                    .toList();

    private static Session session(PretrainedModel checkpoint, TaskModel task, DataType frozen) {
        var session = new Session(new JvmEngine(2), task, checkpoint, frozen);
        var random = new Random(4);
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : task.linearModules()) {
            layers.add(new LoraLayer(module, 2, 2f, 0f, false));
        }
        session.addAdapters(layers);
        task.headParameters().forEach(spec -> draw(session, spec.name(), random));
        for (LoraLayer layer : layers) {
            draw(session, layer.loraA(), random);
            draw(session, layer.loraB(), random);
        }
        return session;
    }

    private static void draw(Session session, String name, Random random) {
        float[] values = new float[session.read(name).length];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.2f * (float) random.nextGaussian();
        }
        session.write(name, values);
    }

    /// Every matrix is rounded by half a unit at most, vectors are not, and a model in float32 that
    /// has the rounded values evaluates and trains with the same bits.
    @ParameterizedTest
    @FieldSource("MODELS")
    void itIsTheModelWithRoundedMatrices(String name) {
        try (PeerReference reference = PeerReference.of(name);
                Session narrow =
                        session(reference.checkpoint(), reference.task(), DataType.BFLOAT16);
                Session wide =
                        session(reference.checkpoint(), reference.task(), DataType.FLOAT32)) {
            for (ParameterSpec spec : reference.task().bodyParameters()) {
                float[] exact = wide.read(spec.name());
                float[] kept = narrow.read(spec.name());
                boolean matrix = spec.kind() == ParameterSpec.Kind.MATRIX;
                for (int i = 0; i < exact.length; i++) {
                    double bound = matrix ? Bfloat16.ROUNDING * Math.abs(exact[i]) : 0;
                    assertThat(Math.abs((double) kept[i] - exact[i])).isLessThanOrEqualTo(bound);
                }
                wide.write(spec.name(), kept);
            }
            Batch batch = reference.batch();
            Evaluation expected =
                    wide.evaluator().evaluate(List.of(batch), batch.examples().length);
            Evaluation actual =
                    narrow.evaluator().evaluate(List.of(batch), batch.examples().length);
            assertThat(actual.logits()).isDeepEqualTo(expected.logits());
            assertThat(actual.losses()).containsExactly(expected.losses());
            assertThat(step(narrow, batch)).containsExactly(step(wide, batch));
            for (LoraLayer layer : wide.adapters().values()) {
                assertThat(narrow.read(layer.loraA())).containsExactly(wide.read(layer.loraA()));
                assertThat(narrow.read(layer.loraB())).containsExactly(wide.read(layer.loraB()));
            }
        }
    }

    private static float[] step(Session session, Batch batch) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        session.training().prepare(optimizer, 1, 0.1, false);
        return session.training()
                .train(batch, batch.weights(1f / batch.terms()), 0, optimizer.hyper(1e-2, 1));
    }

    @Test
    void theyAreNotWritten() {
        try (PretrainedModel checkpoint = MiniLm.load();
                var session =
                        new Session(
                                new NullEngine(),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                DataType.BFLOAT16)) {
            String weight = session.task().linearModules().getFirst().weight();
            assertThatThrownBy(() -> session.write(weight, new float[384 * 384]))
                    .hasMessageContaining("is kept as bfloat16");
        }
    }

    /// The weights take half, and a step needs room for one widened matrix more.
    @Test
    void miniLmTakesHalf() {
        long[] half = bytes(DataType.BFLOAT16);
        long[] whole = bytes(DataType.FLOAT32);
        assertThat((double) half[0] / whole[0]).isBetween(0.5, 0.51);
        assertThat(half[1] - whole[1]).isBetween(0L, 4L * 1536 * 384);
    }

    /// Of the weights, and of a training step's activations.
    private static long[] bytes(DataType frozen) {
        try (PretrainedModel checkpoint = MiniLm.load();
                var session =
                        new Session(
                                new NullEngine(),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                frozen)) {
            long weights = session.persistentBytes();
            MiniLm.adapt(session);
            return new long[] {
                weights, session.training().planned(BatchShape.of(16, 128)).scratchBytes()
            };
        }
    }
}
