package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.program.DataType;
import cglora.models.adapter.Base;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The weights that a session holds against those of the files, and a second session over them.
class BodyCheckTest {
    @TempDir Path folder;
    private PretrainedModel checkpoint;
    private SequenceClassifier task;

    @BeforeEach
    void load() throws IOException {
        checkpoint = PretrainedModel.load(TinyBert.write(folder, false).toString(), Map.of());
        task =
                new SequenceClassifier(
                        checkpoint.encoder(), Pooling.MEAN, new Labels(List.of("a", "b"), false));
    }

    @AfterEach
    void close() {
        checkpoint.close();
    }

    private Session session(DataType frozen) {
        return new Session(new JvmEngine(2), task, checkpoint, frozen);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void aSessionHoldsWhatItWasReadFrom(DataType frozen) {
        try (Session session = session(frozen)) {
            assertThat(new BodyCheck(session, Map.of()).isOf(checkpoint)).isTrue();
        }
    }

    @Test
    void oneElementThatDiffersIsSeen() {
        try (Session session = session(DataType.FLOAT32)) {
            String last = task.bodyParameters().getLast().name();
            float[] values = session.read(last);
            values[values.length - 1] = Math.nextUp(values[values.length - 1]);
            session.write(last, values);
            assertThat(new BodyCheck(session, Map.of()).isOf(checkpoint)).isFalse();
        }
    }

    @Test
    void aStartThatWasTakenOffIsUndoneAndTakenOffAgain() {
        try (Session session = session(DataType.FLOAT32)) {
            LinearModule module = task.linearModules().getFirst();
            var layer = new LoraLayer(module, 2, 1.5f, 0, false);
            session.addAdapters(List.of(layer));
            float[] before = session.read(module.weight());
            var a = new float[2 * module.in()];
            var b = new float[2 * module.out()];
            for (int i = 0; i < a.length; i++) {
                a[i] = 0.1f * (i % 7 - 3);
            }
            for (int i = 0; i < b.length; i++) {
                b[i] = 0.3f * (i % 5 - 2);
            }
            var start = Map.of(module.name(), new LoraFactors(a, b, Base.SHIFTED));
            var check = new BodyCheck(session, start);
            assertThat(check.isOf(checkpoint)).isFalse();
            check.shift();
            float[] shifted = session.read(module.weight());
            assertThat(shifted).isNotEqualTo(before);
            assertThat(check.isOf(checkpoint)).isTrue();
            assertThat(new BodyCheck(session, Map.of()).isOf(checkpoint)).isFalse();
            check.undoShift(checkpoint);
            assertThat(session.read(module.weight())).isEqualTo(before);
            check.shift();
            assertThat(session.read(module.weight())).isEqualTo(shifted);
        }
    }

    @Test
    void aSessionBesideAnotherHasAHeadAndAdaptersOfItsOwn() {
        try (var engine = new JvmEngine(2);
                var session = new Session(engine, task, checkpoint, false)) {
            LinearModule module = task.linearModules().getFirst();
            session.addAdapters(List.of(new LoraLayer(module, 2, 1, 0, false)));
            String bias = task.headBiases().getFirst().name();
            session.write(bias, new float[] {1, 2});
            long held = engine.allocatedBytes();
            assertThat(session.holds(task)).isTrue();
            try (Session beside = session.beside(task, checkpoint)) {
                assertThat(beside.adapters()).isEmpty();
                assertThat(beside.read(bias)).containsOnly(0);
                beside.addAdapters(List.of(new LoraLayer(module, 3, 1, 0, false)));
                assertThat(beside.adapters().get(module.name()).r()).isEqualTo(3);
                assertThat(beside.read(module.weight())).isEqualTo(session.read(module.weight()));
                assertThat(engine.allocatedBytes() - held)
                        .isLessThan(session.persistentBytes() / 2)
                        .isPositive();
            }
            assertThat(engine.allocatedBytes()).isEqualTo(held);
            assertThat(session.read(bias)).containsExactly(1, 2);
            assertThat(session.adapters().get(module.name()).r()).isEqualTo(2);
        }
    }
}
