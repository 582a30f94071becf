package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.program.DataType;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A tiny model of every family, with its task and PEFT's adapter, learns on a device what it
/// learns on the JVM engine.
@TornadoTest
class TornadoFamilyTest {
    private static final int STEPS = 2;

    /// Of losses, gradients' norms and logits, relative.
    private static final double TOLERANCE = 1e-4;

    private static final List<String> NAMES =
            List.of(
                    "bert",
                    "roberta",
                    "xlm-roberta",
                    "distilbert",
                    "electra",
                    "t5",
                    "t5-v1_1",
                    "llama",
                    "qwen3",
                    "bert/tokens",
                    "qwen2/tokens",
                    "llama/causal",
                    "llama-yarn/causal",
                    "mistral/causal",
                    "qwen2/causal",
                    "qwen3/causal");

    /// One of each way in which words are looked up.
    private static final List<String> HALVES = List.of("bert", "distilbert", "qwen3/causal");

    static Stream<Arguments> families() {
        return on(NAMES);
    }

    static Stream<Arguments> halves() {
        return on(HALVES);
    }

    private static Stream<Arguments> on(List<String> names) {
        return TestDevices.all().stream()
                .flatMap(device -> names.stream().map(name -> Arguments.of(name, device)));
    }

    @ParameterizedTest
    @MethodSource("families")
    void learnsAsOnTheJvm(String name, DeviceInfo device) {
        try (PeerReference reference = PeerReference.of(name);
                Session expected = session(new JvmEngine(1), reference, DataType.FLOAT32);
                Session actual = session(engine(device), reference, DataType.FLOAT32)) {
            checkSteps(reference.batch(), expected, actual);
        }
    }

    /// Matrices of bfloat16 take half of the device's memory, too, and are the jvm engine's to the
    /// bit.
    @ParameterizedTest
    @MethodSource("halves")
    void learnsOverMatricesOfHalfTheSize(String name, DeviceInfo device) {
        TornadoEngine onDevice = engine(device);
        try (PeerReference reference = PeerReference.of(name);
                Session expected = session(new JvmEngine(1), reference, DataType.BFLOAT16);
                Session actual =
                        new Session(
                                onDevice,
                                reference.task(),
                                reference.checkpoint(),
                                DataType.BFLOAT16)) {
            assertThat(onDevice.allocatedBytes()).isEqualTo(actual.persistentBytes());
            reference.loadAdapter(actual);
            checkSteps(reference.batch(), expected, actual);
            for (ParameterSpec spec : reference.task().bodyParameters()) {
                assertThat(actual.read(spec.name())).containsExactly(expected.read(spec.name()));
            }
        }
    }

    private static TornadoEngine engine(DeviceInfo device) {
        return new TornadoEngine(device, DeviceProfile.generic(device));
    }

    private static Session session(Engine engine, PeerReference reference, DataType frozen) {
        var session = new Session(engine, reference.task(), reference.checkpoint(), frozen);
        reference.loadAdapter(session);
        return session;
    }

    private static void checkSteps(Batch batch, Session expected, Session actual) {
        var optimizer = new AdamW(FamilyReference.ADAM_W);
        for (Session session : List.of(expected, actual)) {
            session.training().prepare(optimizer, 1, FamilyReference.WEIGHT_DECAY, false);
        }
        double[] losses = new double[STEPS];
        for (int step = 1; step <= STEPS; step++) {
            float[] wanted = step(expected, batch, optimizer, step);
            float[] found = step(actual, batch, optimizer, step);
            losses[step - 1] = wanted[0];
            assertThat(found[0])
                    .as("loss of step %d", step)
                    .isCloseTo(wanted[0], within((float) (TOLERANCE * wanted[0])));
            assertThat(found[1])
                    .as("norm of the gradient in step %d", step)
                    .isCloseTo(wanted[1], within((float) (TOLERANCE * wanted[1])));
        }
        assertThat(losses[1]).as("what the first step has learnt").isLessThan(losses[0]);
        for (LoraLayer layer : expected.adapters().values()) {
            assertThat(moved(layer.loraB(), expected, actual))
                    .as("difference of %s over the steps' length", layer.loraB())
                    .isLessThan(0.01);
        }
    }

    private static float[] step(Session session, Batch batch, AdamW optimizer, int step) {
        return session.training()
                .train(
                        batch,
                        batch.weights(1f / batch.terms()),
                        step,
                        optimizer.hyper(FamilyReference.LEARNING_RATE, step));
    }

    /// Root of the mean square of a parameter's difference, over how far AdamW's steps go.
    private static double moved(String parameter, Session expected, Session actual) {
        float[] wanted = expected.read(parameter);
        float[] found = actual.read(parameter);
        double sum = 0;
        for (int i = 0; i < wanted.length; i++) {
            sum += Math.pow((double) found[i] - wanted[i], 2);
        }
        return Math.sqrt(sum / wanted.length) / (STEPS * FamilyReference.LEARNING_RATE);
    }
}
