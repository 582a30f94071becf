package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.PackedBatches;
import cglora.models.data.Packing;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Conversations for tiny language models, each in a row of its own and several in a row.
final class PackedTasks {
    /// Shared keys, windows of 5 and 3 tokens, norms of heads, stretched frequencies.
    static final List<String> NAMES =
            List.of("llama/causal", "qwen2/causal", "qwen3/causal", "mistral/causal");

    /// Tokens of a row: all positions that the models have.
    private static final int CAPACITY = 24;

    private PackedTasks() {}

    /// Of 2 to 12 tokens; of what stands behind a place of its own about half is asked for, and the
    /// last token always.
    static Dataset conversations(PretrainedModel checkpoint, int examples) {
        int vocabulary = checkpoint.body().vocabularySize();
        var random = new Random(19);
        var tokens = new ArrayList<Tokens>();
        var answers = new ArrayList<int[]>();
        for (int i = 0; i < examples; i++) {
            int length = 2 + random.nextInt(11);
            int[] ids = random.ints(length, 3, vocabulary).toArray();
            int start = 1 + random.nextInt(length - 1);
            int[] answer = Arrays.copyOfRange(ids, start, length);
            for (int j = 1; j < answer.length - 1; j++) {
                answer[j] = random.nextBoolean() ? answer[j] : -1;
            }
            tokens.add(new Tokens(ids, new int[length], length));
            answers.add(answer);
        }
        return new Dataset(tokens, new int[examples], new float[examples], 0, 12)
                .answeredBy(answers);
    }

    /// Tokens of all answers that are asked for.
    static int asked(Dataset data) {
        int asked = 0;
        for (int i = 0; i < data.size(); i++) {
            asked += asked(data, i);
        }
        return asked;
    }

    /// Those of one example.
    static int asked(Dataset data, int example) {
        return (int) Arrays.stream(data.answers().get(example)).filter(t -> t >= 0).count();
    }

    /// All examples in one batch, one a row, and an empty row.
    static Batch unpacked(Dataset data) {
        int[] all = new int[data.size()];
        Arrays.setAll(all, i -> i);
        return new Batcher(data.size() + 1, new int[] {12}, 0, new int[] {11}).batch(data, all);
    }

    /// The same in as few rows as they fit into, and an empty row.
    static Batch packed(Dataset data) {
        Packing packing = Packing.of(data.tokens(), CAPACITY, 4);
        var batcher = new Batcher(packing.rows() + 1, new int[] {CAPACITY}, 0);
        return new PackedBatches(data, packing, batcher).epoch(1, 0).getFirst();
    }

    /// With adapters on all layers, both factors drawn, or to train all weights.
    static Session session(Engine engine, PretrainedModel checkpoint, boolean adapted) {
        Session session = TokenTasks.session(engine, checkpoint, !adapted);
        if (adapted) {
            var random = new Random(5);
            List<LoraLayer> layers =
                    session.task().linearModules().stream()
                            .map(module -> new LoraLayer(module, 3, 2f, 0f, null))
                            .toList();
            session.addAdapters(layers);
            for (LoraLayer layer : layers) {
                draw(session, layer.loraA(), 3 * layer.module().in(), random);
                draw(session, layer.loraB(), layer.module().out() * 3, random);
            }
        }
        return session;
    }

    private static void draw(Session session, String parameter, int length, Random random) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = 0.3f * (float) random.nextGaussian();
        }
        session.write(parameter, values);
    }

    /// What a step that changes nothing gives.
    ///
    /// @param result loss and norm of the gradient
    record Step(float[] result, Map<String, float[]> gradients) {
        static Step of(Session session, Batch batch) {
            var optimizer = new AdamW(FamilyReference.ADAM_W);
            session.training().prepare(optimizer, 1, 0, false);
            float[] weights = batch.weights(1f / batch.terms());
            float[] result = session.training().train(batch, weights, 0, optimizer.hyper(0, 1));
            var gradients = new HashMap<String, float[]>();
            for (String name : trained(session)) {
                gradients.put(name, session.training().gradient(name));
            }
            return new Step(result, gradients);
        }

        private static List<String> trained(Session session) {
            if (session.adapters().isEmpty()) {
                return session.task().bodyParameters().stream().map(ParameterSpec::name).toList();
            }
            return session.adapters().values().stream()
                    .flatMap(layer -> List.of(layer.loraA(), layer.loraB()).stream())
                    .toList();
        }
    }
}
