package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.kernels.program.Program;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Whitening;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.family.PretrainedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Layers that are computed again for their gradients train as those do that are kept: every
/// family, with the task of its references.
class GradientCheckpointingTest {
    private static final int SEED = 77;

    /// One training of one model.
    private record Case(String model, boolean adapted) {
        Session session(PretrainedModel checkpoint, TaskModel task) {
            var session = new Session(new JvmEngine(2), task, checkpoint, !adapted);
            var random = new Random(3);
            task.headParameters().forEach(spec -> draw(session, spec, random));
            if (adapted) {
                addAdapters(session, random);
            }
            return session;
        }
    }

    static final List<Case> CASES =
            Stream.of(FamilyReference.NAMES, Seq2SeqReference.NAMES, PeerReference.causal())
                    .flatMap(List::stream)
                    .flatMap(name -> Stream.of(new Case(name, true), new Case(name, false)))
                    .toList();

    /// Plain and whitened adapters, with dropout and without, on all layers but one.
    private static void addAdapters(Session session, Random random) {
        var layers = new ArrayList<LoraLayer>();
        List<LinearModule> modules = session.task().linearModules();
        for (int i = 1; i < modules.size(); i++) {
            layers.add(
                    new LoraLayer(
                            modules.get(i),
                            3,
                            2f,
                            i % 3 == 0 ? 0.3f : 0f,
                            i % 4 == 0 ? Whitening.WHOLE : null));
        }
        session.addAdapters(layers);
        for (LoraLayer layer : layers) {
            int in = layer.module().in();
            int out = layer.module().out();
            draw(session, ParameterSpec.matrix(layer.loraA(), 3, in), random);
            draw(session, ParameterSpec.matrix(layer.loraB(), out, 3), random);
            if (layer.whitened()) {
                draw(session, ParameterSpec.matrix(layer.inputRoot(), in, in), random);
                draw(session, ParameterSpec.matrix(layer.outputRoot(), out, out), random);
            }
        }
    }

    private static void draw(Session session, ParameterSpec spec, Random random) {
        float[] values = new float[(int) spec.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.2f * (float) random.nextGaussian();
        }
        session.write(spec.name(), values);
    }

    /// What one step gives, and what it takes.
    private record Step(float[] result, Map<String, float[]> elements, Program program) {}

    private static Step step(Session session, Batch batch, boolean checkpointing) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        session.recomputeLayers(checkpointing);
        session.training().prepare(optimizer, 1, 0.1, false);
        float[] result =
                session.training()
                        .train(
                                batch,
                                batch.weights(1f / batch.terms()),
                                SEED,
                                optimizer.hyper(1e-2, 1));
        var elements = new HashMap<String, float[]>();
        for (String name : trained(session)) {
            elements.put("gradient of " + name, session.training().gradient(name));
            elements.put(name + " after the step", session.read(name));
        }
        return new Step(result, elements, session.training().planned(batch.shape()));
    }

    private static List<String> trained(Session session) {
        var specs = new ArrayList<>(session.task().headParameters());
        if (session.adapters().isEmpty()) {
            specs.addAll(session.task().bodyParameters());
        }
        var names = new ArrayList<>(specs.stream().map(ParameterSpec::name).toList());
        for (LoraLayer layer : session.adapters().values()) {
            names.add(layer.loraA());
            names.add(layer.loraB());
        }
        return names;
    }

    @ParameterizedTest
    @FieldSource("CASES")
    void aStepHasTheSameBits(Case tried) {
        try (PeerReference reference = PeerReference.of(tried.model());
                Session kept = tried.session(reference.checkpoint(), reference.task());
                Session again = tried.session(reference.checkpoint(), reference.task())) {
            Batch batch = reference.batch();
            Step expected = step(kept, batch, false);
            Step actual = step(again, batch, true);
            assertThat(actual.program().launches())
                    .hasSizeGreaterThan(expected.program().launches().size());
            assertThat(actual.result()).containsExactly(expected.result());
            assertThat(actual.elements().keySet()).isEqualTo(expected.elements().keySet());
            expected.elements()
                    .forEach(
                            (name, elements) ->
                                    assertThat(actual.elements().get(name))
                                            .as(name)
                                            .containsExactly(elements));
        }
    }

    /// Six layers: what one of them keeps, and the inputs of all.
    @Test
    void theActivationsOfMiniLmTakeAThird() {
        assertThat(scratch(true)).isLessThan(scratch(false) / 3);
    }

    private static long scratch(boolean checkpointing) {
        try (PretrainedModel checkpoint = MiniLm.load();
                var session =
                        new Session(
                                new NullEngine(),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                false)) {
            session.recomputeLayers(checkpointing);
            MiniLm.adapt(session);
            return session.training().planned(BatchShape.of(32, 128)).scratchBytes();
        }
    }
}
