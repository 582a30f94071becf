package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/// MiniLM against reference values that independent float64 code made.
class MiniLmReferenceTest {
    @TestFactory
    List<DynamicTest> hiddenStatesAndTokensEqualTheReference() {
        return MiniLm.forEachFixture(
                MiniLmReferenceTest::compareHiddenStates, "model", "max_length", "sentences");
    }

    private static void compareHiddenStates(JsonNode reference) {
        try (var checkpoint = MiniLm.load();
                Tokenizer tokenizer = checkpoint.tokenizer(MiniLm.TOKENIZER);
                var session =
                        new Session(
                                new JvmEngine(2),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                false)) {
            for (JsonNode sentence : reference.get("sentences")) {
                Tokens tokens = tokenizer.encode(sentence.get("text").asString(), null, 128);
                assertThat(tokens.inputIds()).isEqualTo(MiniLm.ints(sentence.get("ids")));
                Dataset data = dataset(List.of(tokens), new int[1]);
                Batch batch = new Batcher(2, new int[] {128}, 0).batch(data, new int[] {0});
                float[] hidden = HiddenStates.of(session, batch);
                for (JsonNode place : sentence.get("hidden")) {
                    int at = place.get("position").asInt() * 384;
                    for (int i = 0; i < 8; i++) {
                        assertThat((double) hidden[at + i])
                                .isCloseTo(place.get("first8").get(i).asDouble(), within(2e-5));
                    }
                }
                float[] pooled = session.evaluator().features(List.of(batch), 1)[0];
                JsonNode mean = sentence.get("mean_pooled");
                double squares = 0;
                for (float value : pooled) {
                    squares += (double) value * value;
                }
                assertThat(Math.sqrt(squares)).isCloseTo(mean.get("norm").asDouble(), within(2e-5));
                for (int i = 0; i < 16; i++) {
                    assertThat((double) pooled[i])
                            .isCloseTo(mean.get("first16").get(i).asDouble(), within(2e-5));
                }
            }
        }
    }

    @TestFactory
    List<DynamicTest> oneLoraStepEqualsTheReference() {
        return MiniLm.forEachFixture(
                MiniLmReferenceTest::compareStep, "r", "alpha", "layers", "gradients", "adamw");
    }

    private static void compareStep(JsonNode reference) {
        int r = reference.get("r").asInt();
        float scaling = (float) (reference.get("alpha").asDouble() / r);
        JsonNode adamw = reference.get("adamw");
        var settings =
                new AdamW.Settings(
                        adamw.get("beta1").asDouble(),
                        adamw.get("beta2").asDouble(),
                        adamw.get("eps").asDouble(),
                        0);
        try (var checkpoint = MiniLm.load();
                var session =
                        new Session(
                                new JvmEngine(2),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                false)) {
            var layers = new ArrayList<LoraLayer>();
            for (LinearModule module : session.model().linearModules()) {
                layers.add(new LoraLayer(module, r, scaling, 0f, false));
            }
            session.addAdapters(layers);
            session.training()
                    .prepare(new AdamW(settings), 1, adamw.get("weight_decay").asDouble(), false);
            session.write("classifier.weight", sine(2, 384, 0.1, 0.2, 0));
            session.write("classifier.bias", new float[] {0.05f, -0.05f});
            for (int k = 0; k < layers.size(); k++) {
                LoraLayer layer = layers.get(k);
                assertThat("bert." + reference.get("layers").get(k).asString())
                        .isEqualTo(layer.module().name());
                session.write(layer.loraA(), sine(r, layer.module().in(), 0.05, 0.5, k));
                session.write(layer.loraB(), sine(layer.module().out(), r, 0.02, 1.1, k));
            }
            var tokens = new ArrayList<Tokens>();
            for (JsonNode ids : reference.get("ids")) {
                int[] values = MiniLm.ints(ids);
                tokens.add(new Tokens(values, new int[values.length], values.length));
            }
            Dataset data = dataset(tokens, MiniLm.ints(reference.get("labels")));
            int count = data.size();
            int[] all = IntStream.range(0, count).toArray();
            int width = data.tokens().stream().mapToInt(t -> t.inputIds().length).max().orElse(0);
            // padding and two empty rows: neither changes anything
            Batch batch = new Batcher(count + 2, new int[] {width + 3}, 0).batch(data, all);
            var evaluation = session.evaluator().evaluate(List.of(batch), count);
            for (int i = 0; i < count; i++) {
                for (int c = 0; c < 2; c++) {
                    assertThat((double) evaluation.logits()[i][c])
                            .isCloseTo(
                                    reference.get("logits").get(i).get(c).asDouble(), within(2e-5));
                }
            }
            float[] weights = new float[count + 2];
            Arrays.fill(weights, 0, count, 1f / count);
            float[] hyper = new AdamW(settings).hyper(adamw.get("lr").asDouble(), 1);
            // the step scales decay by the rate of each group; the reference decays the bias, too
            double loss = session.training().train(batch, weights, 1, hyper)[0];
            assertThat(loss).isCloseTo(reference.get("loss").asDouble(), within(1e-5));
            for (var entry : reference.get("gradients").properties()) {
                String name =
                        entry.getKey().startsWith("classifier")
                                ? entry.getKey()
                                : "bert." + entry.getKey() + ".weight";
                float[] gradient = session.training().gradient(name);
                double norm = entry.getValue().get("norm").asDouble();
                assertThat(norm(gradient)).as(name).isCloseTo(norm, within(1e-4 * norm + 1e-7));
                for (int i = 0; i < entry.getValue().get("first4").size(); i++) {
                    assertThat((double) gradient[i])
                            .as(name)
                            .isCloseTo(
                                    entry.getValue().get("first4").get(i).asDouble(),
                                    within(2e-4 * norm));
                }
            }
            double rate = adamw.get("lr").asDouble();
            JsonNode moved = adamw.path("first4_after");
            assertThat(moved.properties()).isNotEmpty();
            for (var entry : moved.properties()) {
                String name =
                        entry.getKey().startsWith("classifier")
                                ? entry.getKey()
                                : "bert." + entry.getKey() + ".weight";
                float[] values = session.read(name);
                for (int i = 0; i < entry.getValue().size(); i++) {
                    assertThat((double) values[i])
                            .as(name)
                            .isCloseTo(entry.getValue().get(i).asDouble(), within(1e-2 * rate));
                }
            }
            double after = session.evaluator().evaluate(List.of(batch), count).loss();
            assertThat(after).isCloseTo(adamw.get("loss_after_one_step").asDouble(), within(2e-4));
        }
    }

    private static double norm(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares);
    }

    private static float[] sine(int rows, int columns, double scale, double phase, int k) {
        DoubleBinaryOperator value =
                (i, j) -> scale * Math.sin(phase + 0.37 * i + 0.73 * j + 1.3 * k);
        float[] values = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                values[i * columns + j] = (float) value.applyAsDouble(i, j);
            }
        }
        return values;
    }

    private static Dataset dataset(List<Tokens> tokens, int[] labels) {
        return new Dataset(tokens, labels, new float[labels.length], 0, 0);
    }
}
