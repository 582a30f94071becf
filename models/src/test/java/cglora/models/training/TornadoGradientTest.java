package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.Norms;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The gradients of all parameters of a whole small BERT, on a device against the JVM engine.
@TornadoTest
class TornadoGradientTest {
    /// ‖difference‖/‖gradient‖ behind two layers there and back in float32.
    private static final double TOLERANCE = 2e-5;

    @TempDir Path folder;

    /// Each device with layers that are kept and with layers that are computed again.
    static Stream<Arguments> devices() {
        return TestDevices.all().stream()
                .flatMap(
                        device -> Stream.of(false, true).map(again -> Arguments.of(device, again)));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void everyParametersGradientEqualsTheJvms(DeviceInfo device, boolean checkpointing)
            throws Exception {
        Batch batch = batch();
        Engine onDevice = new TornadoEngine(device, DeviceProfile.generic(device));
        try (PretrainedModel checkpoint =
                        PretrainedModel.load(TinyBert.write(folder, true).toString(), Map.of());
                Session expected = session(new JvmEngine(1), checkpoint);
                Session actual = session(onDevice, checkpoint)) {
            actual.recomputeLayers(checkpointing);
            double loss = new TrainingStep(expected).run(batch);
            assertThat(new TrainingStep(actual).run(batch)).isCloseTo(loss, within(1e-5));
            var names = new ArrayList<String>();
            expected.model().bodyParameters().stream().map(ParameterSpec::name).forEach(names::add);
            expected.model().headParameters().stream().map(ParameterSpec::name).forEach(names::add);
            for (String name : names) {
                // softmax does not change with a constant that is added to its row: the gradient
                // of a key's bias is rounding and nothing else
                if (!name.endsWith("key.bias")) {
                    assertThat(
                                    Norms.difference(
                                            actual.training().gradient(name),
                                            expected.training().gradient(name)))
                            .as("gradient of " + name)
                            .isLessThan(TOLERANCE);
                }
            }
        }
    }

    private static Batch batch() {
        var random = new Random(7);
        var tokens = new ArrayList<Tokens>();
        for (int length : new int[] {8, 3, 6}) {
            tokens.add(new Tokens(random.ints(length, 1, 31).toArray(), new int[length], length));
        }
        Dataset data = new Dataset(tokens, new int[] {0, 1, 1}, new float[3], 0, 8);
        return new Batcher(3, new int[] {8}, 0).batch(data, new int[] {0, 1, 2});
    }

    private static Session session(Engine engine, PretrainedModel checkpoint) {
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(), Pooling.MEAN, new Labels(List.of("0", "1"), false));
        var session = new Session(engine, model, checkpoint, true);
        float[] weight = new float[2 * 12];
        var random = new Random(13);
        for (int i = 0; i < weight.length; i++) {
            weight[i] = (float) random.nextGaussian();
        }
        session.write("classifier.weight", weight);
        return session;
    }
}
