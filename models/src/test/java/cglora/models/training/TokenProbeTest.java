package cglora.models.training;

import static cglora.models.linalg.MatrixAssert.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.error.Problems;
import cglora.models.adapter.AdapterInitializer;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.LoraGaInitializer;
import cglora.models.adapter.LoraOneInitializer;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.adapter.StepSize;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.TruncatedSvd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/// Starts of adapters on models that write.
class TokenProbeTest {
    private static final FisherPasses LABELS = FisherPasses.empirical();
    private static final int EXAMPLES = 10;
    private static final int R = 2;

    static final List<String> NAMES = TokenTasks.NAMES;

    private static List<LoraLayer> layers(Session session, boolean whitened) {
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : session.task().linearModules()) {
            layers.add(new LoraLayer(module, R, 2f, 0f, whitened));
        }
        return layers;
    }

    /// Random factors, their product proportional to the step.
    private static DoubleConsumer direction(Session session) {
        var ofB = new HashMap<String, float[]>();
        var random = new Random(5);
        for (LoraLayer layer : session.adapters().values()) {
            session.write(layer.loraA(), gaussian(R * layer.module().in(), random));
            ofB.put(layer.loraB(), gaussian(R * layer.module().out(), random));
        }
        return step ->
                ofB.forEach(
                        (name, values) -> {
                            float[] scaled = new float[values.length];
                            for (int i = 0; i < scaled.length; i++) {
                                scaled[i] = (float) (step * values[i]);
                            }
                            session.write(name, scaled);
                        });
    }

    private static float[] gaussian(int length, Random random) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = 0.1f * (float) random.nextGaussian();
        }
        return values;
    }

    /// The logits of all tokens that are asked for, kept and compared as those of classes are.
    @ParameterizedTest
    @FieldSource("NAMES")
    void theStepIsThatOfAllLogitsTogether(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
            session.addAdapters(layers(session, false));
            DoubleConsumer random = direction(session);
            double epsilon = 0.1;
            int[] labels = data.classes().toArray();
            Matrix before = logits(session, data, random, 0);
            Matrix ahead = logits(session, data, random, epsilon);
            // the sign that lowers the loss
            double slope =
                    StepSize.linearLoss(before, ahead, epsilon, 1e-6, labels)
                            - StepSize.linearLoss(before, ahead, epsilon, 0, labels);
            DoubleConsumer step = slope < 0 ? random : eta -> random.accept(-eta);
            Matrix moved = logits(session, data, step, epsilon);
            double expected = StepSize.quadratic(before, moved, epsilon, labels);
            for (int size : new int[] {3, 16}) {
                List<Batch> batches = TokenTasks.batches(data, size);
                var probe = new TokenProbe(session, batches, epsilon, step);
                assertThat(probe.curve().minimiser()).isCloseTo(expected, within(5e-3 * expected));
                double loss = StepSize.linearLoss(before, moved, epsilon, 0, labels);
                assertThat(probe.lossBefore()).isCloseTo(loss, within(1e-5 * loss));
                double[] candidates = StepSize.candidates(expected);
                var linear = probe.linearLoss(candidates);
                for (double eta : candidates) {
                    double linearised = StepSize.linearLoss(before, moved, epsilon, eta, labels);
                    assertThat(linear.applyAsDouble(eta) / labels.length)
                            .isCloseTo(linearised, within(1e-3 * linearised));
                }
                step.accept(0);
                Evaluation evaluation = session.evaluator().evaluate(batches, data.size());
                assertThat(session.task().loss(evaluation, data))
                        .isCloseTo(loss, within(1e-5 * loss))
                        .isEqualTo(session.task().metrics(evaluation, data).get("loss"));
            }
        }
    }

    /// [tokens that are asked for, vocabulary], one example a batch.
    private static Matrix logits(Session session, Dataset data, DoubleConsumer step, double size) {
        step.accept(size);
        var rows = new ArrayList<double[]>();
        var byExample = new HashMap<Integer, Batch>();
        for (Batch batch : TokenTasks.batches(data, 1)) {
            byExample.put(batch.examples()[0], batch);
        }
        for (int e = 0; e < data.size(); e++) {
            Batch batch = byExample.get(e);
            Evaluator.Scores scores = session.evaluator().scores(batch);
            for (int t = 0; t < batch.target().length(0); t++) {
                if (batch.target().tokens()[t] >= 0) {
                    rows.add(scores.row(t).values());
                }
            }
        }
        return Matrix.of(rows.toArray(double[][]::new));
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void theFirstStepLowersTheLossOfExamplesThatItHasNotSeen(String name) {
        for (CgLoraStart.Step how :
                List.of(
                        CgLoraStart.Step.HELD_OUT,
                        CgLoraStart.Step.PREDICTED,
                        CgLoraStart.Step.QUADRATIC)) {
            for (boolean whitened : List.of(false, true)) {
                AdapterStart.Result start = curvatureGuided(name, how, whitened);
                if (how != CgLoraStart.Step.QUADRATIC) {
                    assertThat(start.step().lowered()).as("%s, %s", how, whitened).isTrue();
                }
                assertThat(start.quadratic()).isPositive();
            }
        }
    }

    private static AdapterStart.Result curvatureGuided(
            String name, CgLoraStart.Step how, boolean whitened) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset all = TokenTasks.data(checkpoint, 3 * EXAMPLES);
            Dataset seen = alike(all.slice(0, 2 * EXAMPLES));
            Dataset unseen = alike(all.slice(2 * EXAMPLES, 3 * EXAMPLES));
            StatisticsSource statistics =
                    new CalibrationPass(session, session.task().linearModules())
                            .factored(TokenTasks.batches(seen, 4), LABELS, seen.size());
            double before = loss(session, unseen);
            AdapterStart.Result start =
                    new CgLoraStart(session, new Problems(), CgLoraStart.Arithmetic.HOST)
                            .start(
                                    layers(session, whitened),
                                    new CgLoraInitializer(),
                                    statistics,
                                    Optional.empty(),
                                    new CgLoraStart.Search(how, sample(seen), sample(unseen)),
                                    1);
            if (how != CgLoraStart.Step.QUADRATIC) {
                double chosen =
                        start.step().trials().stream()
                                .filter(t -> t.eta() == start.step().eta())
                                .mapToDouble(StepSize.Trial::loss)
                                .findFirst()
                                .orElseThrow();
                assertThat(start.step().lossBefore()).isCloseTo(before, within(1e-5 * before));
                assertThat(loss(session, unseen)).isEqualTo(chosen).isLessThan(before);
            }
            return start;
        }
    }

    /// The same answers to texts of all kinds: something that can be learnt.
    private static Dataset alike(Dataset data) {
        int one = TokenTasks.areTags(data) ? 2 : 5;
        return data.answeredBy(
                data.answers().stream()
                        .map(answer -> Arrays.stream(answer).map(c -> c < 0 ? c : one).toArray())
                        .toList());
    }

    private static CgLoraStart.Sample sample(Dataset data) {
        return new CgLoraStart.Sample(TokenTasks.batches(data, 4), data);
    }

    private static double loss(Session session, Dataset data) {
        return session.task()
                .loss(session.evaluator().evaluate(TokenTasks.batches(data, 4), data.size()), data);
    }

    /// Rivals that start from the gradient.
    enum Rival {
        LORA_GA,
        LORA_ONE
    }

    /// In each layer: LoRA-GA's first step goes along the gradient's best approximation of rank 2r
    /// and leaves what the model says; LoRA-One's product is that of rank r against the gradient.
    @ParameterizedTest
    @EnumSource(Rival.class)
    void rivalsStartFromTheGradientsSingularVectors(Rival rival) {
        for (String name : NAMES) {
            try (PretrainedModel checkpoint = TokenTasks.load(name);
                    Session session = TokenTasks.session(checkpoint, false)) {
                Dataset data = TokenTasks.data(checkpoint, EXAMPLES);
                var pass = new CalibrationPass(session, session.task().linearModules());
                List<Batch> batches = TokenTasks.batches(data, 4);
                Set<Need> need = Set.of(Need.GRADIENT);
                StatisticsSource gathered = pass.gather(need, batches, LABELS, EXAMPLES);
                var gradients = new HashMap<String, Matrix>();
                var kept = gathered.keep();
                for (String module : gathered.modules()) {
                    gradients.put(module, gathered.take(module).gradient().orElseThrow());
                }
                session.addAdapters(layers(session, false));
                double before = loss(session, data);
                AdapterInitializer initializer =
                        rival == Rival.LORA_GA
                                ? new LoraGaInitializer(
                                        LoraGaInitializer.Direction.AR_B2R,
                                        LoraGaInitializer.Scale.UNIT,
                                        16)
                                : new LoraOneInitializer();
                AdapterStart.Result start =
                        new AdapterStart(session, new Problems()).start(initializer, kept.get(), 1);
                if (rival == Rival.LORA_GA) {
                    assertThat(loss(session, data)).isCloseTo(before, within(1e-4 * before));
                }
                for (LoraLayer layer : session.adapters().values()) {
                    check(rival, session, layer, gradients, start.shifted());
                }
            }
        }
    }

    private static void check(
            Rival rival,
            Session session,
            LoraLayer layer,
            Map<String, Matrix> gradients,
            Map<String, LoraFactors> shifted) {
        LinearModule module = layer.module();
        Matrix G = gradients.get(module.name());
        Matrix A = Matrix.of(R, module.in(), session.read(layer.loraA()));
        Matrix B = Matrix.of(module.out(), R, session.read(layer.loraB()));
        if (rival == Rival.LORA_GA) {
            Matrix moved = B.times(B.transposeTimes(G)).plus(G.timesTransposed(A).times(A));
            assertClose(module.name(), moved, TruncatedSvd.of(G, 2 * R, 1).product(), 1e-4);
            assertThat(shifted).containsKey(module.name());
        } else {
            double largest = TruncatedSvd.exact(G).singularValues()[0];
            Matrix expected = TruncatedSvd.of(G, R, 1).product().scaled(-2.0 / 128 / largest);
            assertClose(module.name(), B.times(A).scaled(layer.scaling()), expected, 1e-4);
            assertThat(shifted).doesNotContainKey(module.name());
        }
    }
}
