package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.models.block.LoraLayer;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Sequences;
import cglora.models.data.Batch;
import cglora.models.graph.Graph;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Every encoder–decoder family against transformers and PEFT, on the tiny models of
/// [Seq2SeqReference].
class Seq2SeqParityTest {
    /// Of the learning rate, how far a step may miss: some gradients are hardly larger than eps.
    private static final double STEP = 3e-4;

    static final List<String> NAMES = Seq2SeqReference.NAMES;

    @ParameterizedTest
    @FieldSource("NAMES")
    void tokensAreThoseOfTransformers(String name) {
        try (var reference = new Seq2SeqReference(name)) {
            Batch batch = reference.tokenized();
            assertThat(batch.inputIds()).containsExactly(reference.ints("input.input_ids"));
            int[] mask = new int[batch.inputIds().length];
            for (int i = 0; i < mask.length; i++) {
                mask[i] = i % batch.width() < batch.lengths()[i / batch.width()] ? 1 : 0;
            }
            assertThat(mask).containsExactly(reference.ints("input.attention_mask"));
            int[] labels = reference.ints("input.labels");
            for (int i = 0; i < labels.length; i++) {
                labels[i] = Math.max(labels[i], -1);
            }
            assertThat(batch.target().tokens()).containsExactly(labels);
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void theBaseModelEqualsTransformers(String name) {
        try (var reference = new Seq2SeqReference(name);
                var session = session(reference, true)) {
            assertThat(reference.checkpoint().unusedTensors()).isEmpty();
            Batch batch = reference.tokenized();
            checkLogits(session, batch, reference.values("base.logits"));
            float[] result = Parity.step(session, batch);
            assertThat(result[0]).isCloseTo(reference.values("base.loss")[0], within(1e-5f));
            Parity.checkGradients(session, reference, "base.gradient.", trained(session, true));
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void anAdapterOfPeftEqualsPeftAndSoDoesAStepOfAdamW(String name) {
        try (var reference = new Seq2SeqReference(name);
                var session = session(reference, false)) {
            reference.loadAdapter(session);
            Batch batch = reference.tokenized();
            checkLogits(session, batch, reference.values("adapter.logits"));
            var before = new HashMap<String, float[]>();
            List<String> trained = trained(session, false);
            trained.forEach(p -> before.put(p, session.read(p)));
            float[] result = Parity.step(session, batch);
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

    @ParameterizedTest
    @FieldSource("NAMES")
    void evaluationTellsTheLossOfTransformersAndTheLikeliestTokens(String name) {
        try (var reference = new Seq2SeqReference(name);
                var session = session(reference, false)) {
            Batch batch = reference.tokenized();
            Evaluation evaluation = session.evaluator().evaluate(List.of(batch), batch.rows());
            float[] logits = reference.values("base.logits");
            int vocabulary = logits.length / batch.target().tokens().length;
            double loss = 0;
            for (int row = 0; row < batch.rows(); row++) {
                int length = batch.target().length(row);
                assertThat(evaluation.tokens()[row]).hasSize(length);
                for (int i = 0; i < length; i++) {
                    int at = (row * batch.target().width() + i) * vocabulary;
                    int best = 0;
                    for (int c = 1; c < vocabulary; c++) {
                        best = logits[at + c] > logits[at + best] ? c : best;
                    }
                    assertThat(evaluation.tokens()[row][i]).isEqualTo(best);
                    loss -= evaluation.logits()[row][i];
                }
            }
            assertThat(loss / batch.terms())
                    .isCloseTo(reference.values("base.loss")[0], within(1e-5));
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void greedyDecodingWritesWhatTransformersWrites(String name) {
        checkWritten(name, "greedy", 1);
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void beamSearchWritesWhatTransformersWrites(String name) {
        checkWritten(name, "beams", Seq2SeqReference.BEAMS);
    }

    private static void checkWritten(String name, String what, int beams) {
        try (var reference = new Seq2SeqReference(name);
                var session = session(reference, false)) {
            Batch batch = reference.tokenized();
            var options =
                    new Seq2SeqGenerator.Options(
                            batch.rows(), batch.width(), Seq2SeqReference.NEW_TOKENS, beams, 1);
            int end = session.task() instanceof Seq2Seq(var body) ? body.endTokenId() : -1;
            try (var generator = new Seq2SeqGenerator(session, options)) {
                assertThat(generator.generate(batch))
                        .containsExactlyElementsOf(
                                expected(reference, "base." + what, batch.rows(), end));
            }
            reference.loadAdapter(session);
            try (var generator = new Seq2SeqGenerator(session, options)) {
                assertThat(generator.generate(batch))
                        .containsExactlyElementsOf(
                                expected(reference, "adapter." + what, batch.rows(), end));
            }
        }
    }

    /// The rows up to the token that ends them.
    private static List<int[]> expected(
            Seq2SeqReference reference, String name, int rows, int end) {
        int[] all = reference.ints(name);
        int width = all.length / rows;
        var expected = new ArrayList<int[]>();
        for (int row = 0; row < rows; row++) {
            int[] tokens = Arrays.copyOfRange(all, row * width, (row + 1) * width);
            int length = 0;
            while (length < width && tokens[length] != end) {
                length++;
            }
            expected.add(Arrays.copyOf(tokens, length));
        }
        return expected;
    }

    private static Session session(Seq2SeqReference reference, boolean trainBody) {
        return new Session(new JvmEngine(2), reference.task(), reference.checkpoint(), trainBody);
    }

    private static List<String> trained(Session session, boolean body) {
        var names = new ArrayList<String>();
        if (body) {
            session.task().bodyParameters().stream().map(ParameterSpec::name).forEach(names::add);
        }
        for (LoraLayer layer : session.adapters().values()) {
            names.add(layer.loraA());
            names.add(layer.loraB());
        }
        return names;
    }

    /// The logits where a token is asked for: behind them transformers computes something, too.
    private static void checkLogits(Session session, Batch batch, float[] expected) {
        var graph = new Graph("logits");
        var builder = new ModelBuilder(graph, session.parameters(), session.adapters(), null);
        var model = (Seq2Seq) session.task();
        Sequences source = Seq2Seq.sequences(graph, "", batch.rows(), batch.width());
        Sequences target =
                Seq2Seq.sequences(graph, "decoder_", batch.rows(), batch.target().width());
        Tensor logits = model.logits(builder, source, target);
        LoadedProgram program = session.engine().load(graph.compile(List.of(logits)));
        program.write(source.words().buffer(), batch.inputIds());
        program.write(source.lengths().buffer(), batch.lengths());
        program.write(target.words().buffer(), model.shifted(batch));
        program.write(target.lengths().buffer(), Seq2Seq.targetLengths(batch));
        builder.constants().forEach((tensor, values) -> program.write(tensor.buffer(), values));
        program.run();
        float[] actual = program.read(logits.buffer());
        int vocabulary = expected.length / batch.target().tokens().length;
        for (int i = 0; i < expected.length; i++) {
            boolean asked = batch.target().tokens()[i / vocabulary] >= 0;
            expected[i] = asked ? expected[i] : 0;
            actual[i] = asked ? actual[i] : 0;
        }
        Parity.checkLogits(actual, expected);
    }
}
