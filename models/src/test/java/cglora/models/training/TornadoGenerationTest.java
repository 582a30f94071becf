package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import cglora.kernels.tornado.Statistics;
import cglora.kernels.tornado.TornadoEngine;
import cglora.models.data.Batch;
import cglora.models.generation.Sampling;
import cglora.models.generation.TokenRules;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What models write on a device over keys and values that stay there, with PEFT's adapter on them,
/// against the tokens of the JVM engine.
@TornadoTest
class TornadoGenerationTest {
    private static final int POSITIONS = 24;
    private static final int NEW_TOKENS = 8;
    private static final Sampling DRAWN = new Sampling(0.8, 40, 0.95);
    private static final List<Sampling> OTHERS =
            List.of(new Sampling(1.3, 0, 1), new Sampling(1, 3, 1), new Sampling(0.7, 0, 0.6));

    /// Among them what holds back, forbids and asks for tokens.
    private static final TokenRules RULES =
            new TokenRules(
                    1,
                    1.4,
                    2,
                    0,
                    List.of(List.of(7, 8)),
                    0,
                    3,
                    null,
                    Set.of(),
                    Set.of(11, 12),
                    Set.of(),
                    Set.of(1, 2));

    /// Shared keys in all; one window, a window in some layers, norms of queries and keys, another
    /// form of the rotation.
    static Stream<Arguments> decoders() {
        return on("llama", "llama-yarn", "mistral", "qwen2", "qwen3");
    }

    /// With and without beams.
    static Stream<Arguments> encoderDecoders() {
        return Stream.of(1, Seq2SeqReference.BEAMS)
                .flatMap(
                        beams ->
                                Seq2SeqReference.NAMES.stream()
                                        .flatMap(
                                                name ->
                                                        TestDevices.all().stream()
                                                                .map(
                                                                        device ->
                                                                                Arguments.of(
                                                                                        name, beams,
                                                                                        device))));
    }

    private static Stream<Arguments> on(String... names) {
        return TestDevices.all().stream()
                .flatMap(device -> Stream.of(names).map(name -> Arguments.of(name, device)));
    }

    private static TornadoEngine engine(DeviceInfo device) {
        return new TornadoEngine(device, DeviceProfile.generic(device));
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void decodersGoOnAsOnTheJvm(String name, DeviceInfo device) {
        try (var reference = new CausalReference(name);
                var expected = adapted(reference, new JvmEngine(1));
                var actual = adapted(reference, engine(device));
                var onJvm = generator(reference, expected);
                var onDevice = generator(reference, actual)) {
            List<int[]> prompts = reference.prompts();
            assertThat(onDevice.write(prompts, greedy(NEW_TOKENS)))
                    .containsExactlyElementsOf(onJvm.write(prompts, greedy(NEW_TOKENS)));
            Statistics statistics = ((TornadoEngine) actual.engine()).statistics();
            long tasks = statistics.tasks();
            long before = statistics.executions();
            var drawn = new CausalGenerator.Options(NEW_TOKENS, Set.of(), DRAWN, 5);
            assertThat(onDevice.write(prompts.reversed(), drawn))
                    .containsExactlyElementsOf(onJvm.write(prompts.reversed(), drawn));
            assertThat(statistics.tasks()).as("nothing is compiled again").isEqualTo(tasks);
            assertThat(statistics.executions() - before)
                    .as("the prompts at once, and each token but the last")
                    .isEqualTo(NEW_TOKENS);
            for (Sampling other : OTHERS) {
                var options = new CausalGenerator.Options(NEW_TOKENS, Set.of(), other, 7);
                assertThat(onDevice.write(prompts, options))
                        .as(other.toString())
                        .containsExactlyElementsOf(onJvm.write(prompts, options));
            }
            var ruled =
                    new CausalGenerator.Options(NEW_TOKENS, Set.of(), Sampling.GREEDY, 0, RULES);
            assertThat(onDevice.write(prompts, ruled))
                    .containsExactlyElementsOf(onJvm.write(prompts, ruled))
                    .isNotEqualTo(onJvm.write(prompts, greedy(NEW_TOKENS)));
        }
    }

    private static Session adapted(CausalReference reference, Engine engine) {
        Session session = reference.session(engine);
        reference.loadAdapter(session);
        return session;
    }

    private static CausalGenerator generator(CausalReference reference, Session session) {
        return new CausalGenerator(
                session, reference.size(), POSITIONS, reference.checkpoint().padTokenId());
    }

    private static CausalGenerator.Options greedy(int most) {
        return new CausalGenerator.Options(most, Set.of(), Sampling.GREEDY, 0);
    }

    @ParameterizedTest
    @MethodSource("encoderDecoders")
    void encoderDecodersWriteAsOnTheJvm(String name, int beams, DeviceInfo device) {
        try (var reference = new Seq2SeqReference(name);
                var expected = adapted(reference, new JvmEngine(1));
                var actual = adapted(reference, engine(device))) {
            Batch batch = reference.tokenized();
            var options =
                    new Seq2SeqGenerator.Options(
                            batch.rows(), batch.width(), Seq2SeqReference.NEW_TOKENS, beams, 1);
            try (var onJvm = new Seq2SeqGenerator(expected, options);
                    var onDevice = new Seq2SeqGenerator(actual, options)) {
                List<int[]> answers = onJvm.generate(batch);
                assertThat(onDevice.generate(batch)).containsExactlyElementsOf(answers);
                Statistics statistics = ((TornadoEngine) actual.engine()).statistics();
                long tasks = statistics.tasks();
                assertThat(onDevice.generate(batch)).containsExactlyElementsOf(answers);
                assertThat(statistics.tasks()).as("nothing is compiled again").isEqualTo(tasks);
            }
        }
    }

    @MethodSource("encoderDecoders")
    void encoderDecodersFollowRulesAsOnTheJvm(String name, int beams, DeviceInfo device) {
        try (var reference = new Seq2SeqReference(name);
                var expected = adapted(reference, new JvmEngine(1));
                var actual = adapted(reference, engine(device))) {
            Batch batch = reference.tokenized();
            var options =
                    new Seq2SeqGenerator.Options(
                            batch.rows(),
                            batch.width(),
                            Seq2SeqReference.NEW_TOKENS,
                            beams,
                            0.5,
                            true,
                            RULES);
            try (var onJvm = new Seq2SeqGenerator(expected, options);
                    var onDevice = new Seq2SeqGenerator(actual, options)) {
                assertThat(onDevice.generate(batch))
                        .containsExactlyElementsOf(onJvm.generate(batch));
            }
        }
    }

    private static Session adapted(Seq2SeqReference reference, Engine engine) {
        var session = new Session(engine, reference.task(), reference.checkpoint(), false);
        reference.loadAdapter(session);
        return session;
    }
}
