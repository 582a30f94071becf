package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.program.DataType;
import cglora.models.block.BatchInputs;
import cglora.models.block.LoraLayer;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.generation.Sampling;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.TakeRows;
import cglora.models.graph.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Decoders as language models against transformers and PEFT, on the tiny models of
/// [CausalReference].
class CausalParityTest {
    /// Of the learning rate; the largest seen is 2.4e-4, of an element whose gradient is small.
    private static final double STEP = 5e-4;

    static final List<String> FAMILIES = CausalReference.NAMES;

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void tokensAndWhatIsAskedForAreThoseOfTransformers(String name) {
        try (var reference = new CausalReference(name)) {
            Batch batch = reference.batch();
            assertThat(batch.inputIds()).containsExactly(reference.ints("input.input_ids"));
            int[] labels = reference.ints("input.labels");
            int[] asked = Arrays.stream(labels).filter(label -> label != -100).toArray();
            int[] ours = Arrays.stream(batch.target().tokens()).filter(t -> t >= 0).toArray();
            assertThat(ours).containsExactly(asked);
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void theBaseModelEqualsTransformersAndWritesTheSame(String name) {
        try (var reference = new CausalReference(name);
                var session = reference.session()) {
            assertThat(reference.checkpoint().unusedTensors()).isEmpty();
            checkLogits(session, reference, "base.logits");
            double loss =
                    session.task()
                            .metrics(
                                    session.evaluator()
                                            .evaluate(List.of(reference.batch()), reference.size()),
                                    reference.data())
                            .get("loss");
            assertThat(loss).isCloseTo(reference.values("base.loss")[0], within(1e-5));
            checkGeneration(session, reference, "generated.");
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILIES")
    void anAdapterOfPeftEqualsPeftAndSoDoesAStepOfAdamW(String name) {
        try (var reference = new CausalReference(name);
                var session = reference.session()) {
            List<LoraLayer> layers = reference.loadAdapter(session);
            checkLogits(session, reference, "adapter.logits");
            checkGeneration(session, reference, "adapter.generated.");
            Parity.checkStepOfAdamW(session, reference, layers, List.of(), STEP);
        }
    }

    /// What is kept of the tokens before says the same as all of them anew: each token that
    /// sampling draws is drawn again from the whole sequence.
    @Test
    void keptKeysAndValuesSayWhatTheWholeSequenceSays() {
        try (var reference = new CausalReference("qwen2");
                var session = reference.session();
                var all = new CausalGenerator(session, 3, 24, 1);
                var alone = new CausalGenerator(session, 1, 24, 1)) {
            var sampling = new Sampling(0.8, 40, 0.95);
            List<int[]> prompts = reference.prompts();
            List<int[]> together =
                    all.write(prompts, new CausalGenerator.Options(8, Set.of(), sampling, 5));
            for (int i = 0; i < prompts.size(); i++) {
                assertThat(together.get(i)).hasSize(8);
                assertThat(
                                alone.write(
                                                List.of(prompts.get(i)),
                                                new CausalGenerator.Options(
                                                        8, Set.of(), sampling, 5))
                                        .getFirst())
                        .as("prompt %d by itself", i)
                        .containsExactly(together.get(i));
                int[] greedy =
                        alone.write(
                                        List.of(prompts.get(i)),
                                        new CausalGenerator.Options(
                                                6, Set.of(), Sampling.GREEDY, 0))
                                .getFirst();
                int[] grown = prompts.get(i);
                for (int token : greedy) {
                    int[] next =
                            alone.write(
                                            List.of(grown),
                                            new CausalGenerator.Options(
                                                    1, Set.of(), Sampling.GREEDY, 0))
                                    .getFirst();
                    assertThat(next).containsExactly(token);
                    grown = Arrays.copyOf(grown, grown.length + 1);
                    grown[grown.length - 1] = token;
                }
            }
        }
    }

    /// The logits of the tokens that are asked for.
    private static void checkLogits(Session session, CausalReference reference, String name) {
        Batch batch = reference.batch();
        var model = (CausalLanguageModel) session.task();
        var graph = new Graph("logits");
        var builder = new ModelBuilder(graph, session.parameters(), session.adapters(), null);
        var inputs = BatchInputs.of(graph, batch.rows(), batch.width());
        Tensor starts = graph.input("starts", DataType.INT32, Shape.of(batch.rows()));
        int width = batch.target().width();
        Tensor taken =
                graph.apply(new TakeRows(model.decoder().build(builder, inputs), starts, width));
        Tensor logits = model.logits(builder, taken);
        var program = session.engine().load(graph.compile(List.of(logits)));
        program.write(inputs.words().buffer(), batch.inputIds());
        program.write(
                inputs.positions().buffer(),
                model.decoder().positions(batch.inputIds(), batch.width()));
        program.write(inputs.lengths().buffer(), batch.lengths());
        program.write(starts.buffer(), CausalLanguageModel.starts(batch));
        program.run();
        float[] all = program.read(logits.buffer());
        int vocabulary = model.decoder().vocabularySize();
        float[] asked = new float[batch.terms() * vocabulary];
        int row = 0;
        for (int i = 0; i < batch.target().tokens().length; i++) {
            if (batch.target().tokens()[i] >= 0) {
                System.arraycopy(all, i * vocabulary, asked, row++ * vocabulary, vocabulary);
            }
        }
        Parity.checkLogits(asked, reference.values(name));
    }

    private static void checkGeneration(Session session, CausalReference reference, String name) {
        var options =
                new CausalGenerator.Options(
                        CausalReference.NEW_TOKENS, Set.of(2), Sampling.GREEDY, 0);
        try (var generator = new CausalGenerator(session, 3, 24, reference.padId())) {
            List<int[]> written = generator.write(reference.prompts(), options);
            for (int i = 0; i < written.size(); i++) {
                assertThat(written.get(i))
                        .as("%s%d", name, i)
                        .containsExactly(reference.ints(name + i));
            }
        }
    }
}
