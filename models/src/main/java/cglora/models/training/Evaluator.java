package cglora.models.training;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Program;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Batcher;
import cglora.models.data.TokenSample;
import cglora.models.graph.Graph;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Runs a session's model forward: what it answers, what its head sees and what it gives each term
/// of the loss. There is one program a shape of batch.
public final class Evaluator {
    private static final String LOGITS = "logits";
    private static final String LOSSES = "losses";

    private final Session session;
    private final Map<BatchShape, BatchProgram> answering = new HashMap<>();
    private final Map<BatchShape, BatchProgram> scoring = new HashMap<>();
    private final TokenLogits tokenLogits;

    Evaluator(Session session) {
        this.session = session;
        this.tokenLogits = new TokenLogits(session);
    }

    /// Programs are made anew: the adapters are others.
    void forgetPrograms() {
        answering.clear();
        scoring.clear();
        tokenLogits.forgetPrograms();
    }

    /// The batch whose activations take most.
    static Optional<Batch> widest(List<Batch> batches) {
        return batches.stream().max(Comparator.comparingLong(b -> b.shape().size()));
    }

    /// Logits and losses of every example of the batches, and for tokens the likeliest ones.
    ///
    /// @param examples how many there are in the data set that the batches index
    /// @throws StoppedException when somebody asked to stop
    public Evaluation evaluate(List<Batch> batches, int examples) {
        float[][] logits = new float[examples][];
        float[] losses = new float[examples];
        int[][] tokens = new int[examples][];
        reserve(batches);
        for (Batch batch : batches) {
            BatchProgram program = run(batch);
            List<TaskModel.Answer> answers = session.task().answers(batch, program::read);
            for (int row = 0; row < batch.examples().length; row++) {
                int example = batch.examples()[row];
                logits[example] = answers.get(row).logits();
                losses[example] = answers.get(row).loss();
                tokens[example] = answers.get(row).tokens();
            }
        }
        return new Evaluation(logits, losses, tokens);
    }

    /// What the head sees of every example.
    ///
    /// @param examples how many there are in the data set that the batches index
    /// @return [examples][hidden]
    /// @throws StoppedException when somebody asked to stop
    public float[][] features(List<Batch> batches, int examples) {
        float[][] features = new float[examples][];
        int hidden = session.task().body().hiddenSize();
        reserve(batches);
        for (Batch batch : batches) {
            float[] all = run(batch).read(Classifier.FEATURES);
            for (int row = 0; row < batch.examples().length; row++) {
                features[batch.examples()[row]] =
                        Arrays.copyOfRange(all, row * hidden, (row + 1) * hidden);
            }
        }
        return features;
    }

    /// What the head sees of tokens, and their classes.
    ///
    /// @param features [tokens][hidden]
    /// @param labels   [tokens]
    public record TokenFeatures(float[][] features, int[] labels) {}

    /// What the head sees of the tokens that are asked for, or of as many as are wanted, drawn by
    /// the seed.
    ///
    /// @param most how many tokens at most
    /// @throws StoppedException when somebody asked to stop
    public TokenFeatures tokenFeatures(List<Batch> batches, int most, long seed) {
        int count = batches.stream().mapToInt(Batch::terms).sum();
        var chosen = new BitSet(count);
        for (int term : Batcher.draw(count, most, seed)) {
            chosen.set(term);
        }
        float[][] features = new float[chosen.cardinality()][];
        int[] labels = new int[features.length];
        int hidden = session.task().body().hiddenSize();
        int term = 0;
        int next = 0;
        reserve(batches);
        for (Batch batch : batches) {
            float[] all = run(batch).read(Classifier.FEATURES);
            int[] asked = batch.target().labels();
            for (int at = 0; at < asked.length; at++) {
                if (asked[at] >= 0 && chosen.get(term++)) {
                    features[next] = Arrays.copyOfRange(all, at * hidden, (at + 1) * hidden);
                    labels[next++] = asked[at];
                }
            }
        }
        return new TokenFeatures(features, labels);
    }

    /// Logits of a sample of tokens, each given the true tokens in front of it.
    ///
    /// @param batches of the sample's examples
    /// @return [tokens][classes], in the sample's order
    /// @throws StoppedException when somebody asked to stop
    public float[][] logits(TokenSample sample, List<Batch> batches) {
        return tokenLogits.of(sample, batches);
    }

    /// The program of [#logits] for the widest batch, planned but not run.
    public Program planned(TokenSample sample, List<Batch> batches) {
        return tokenLogits.planned(sample, batches);
    }

    private void reserve(List<Batch> batches) {
        widest(batches).ifPresent(b -> session.engine().reserve(planned(b.shape())));
    }

    private BatchProgram run(Batch batch) {
        session.requireGoing();
        BatchProgram program = answering(batch.shape());
        program.feed(batch);
        program.run();
        return program;
    }

    /// The program of [#evaluate] for a shape of batch, planned but not run.
    public Program planned(BatchShape shape) {
        return answering(shape).plan();
    }

    private BatchProgram answering(BatchShape shape) {
        return answering.computeIfAbsent(
                shape,
                _ -> {
                    var graph = new Graph("evaluate " + shape);
                    TaskGraph task = session.task().graph(builder(graph), shape);
                    var places = new HashMap<String, Buffer>();
                    var read = new ArrayList<Tensor>();
                    task.results()
                            .forEach(
                                    (result, appended) -> {
                                        Tensor tensor = appended.get();
                                        places.put(result, tensor.buffer());
                                        read.add(tensor);
                                    });
                    return new BatchProgram(
                            session.engine().load(graph.compile(read)), task, places);
                });
    }

    private ModelBuilder builder(Graph graph) {
        return new ModelBuilder(graph, session.parameters(), session.adapters(), null);
    }

    /// What the model says of each term of a batch's loss.
    ///
    /// @param logits [terms, classes], those of empty terms included
    /// @param losses [terms]
    record Scores(float[] logits, float[] losses) {
        /// What one term's classes are given, [classes].
        double[] probabilities(int term) {
            return Softmax.probabilities(row(term), 0);
        }

        /// Logits of one term [1, classes].
        Matrix row(int term) {
            int classes = logits.length / losses.length;
            float[] row = Arrays.copyOfRange(logits, term * classes, (term + 1) * classes);
            return Matrix.of(1, classes, row);
        }
    }

    /// Lets the engine make room for the [#scores] of these batches at once.
    void reserveScores(List<Batch> batches) {
        widest(batches).ifPresent(b -> session.engine().reserve(scoring(b.shape()).plan()));
    }

    /// @throws StoppedException when somebody asked to stop
    Scores scores(Batch batch) {
        session.requireGoing();
        BatchProgram program = scoring(batch.shape());
        program.feed(batch);
        program.run();
        return new Scores(program.read(LOGITS), program.read(LOSSES));
    }

    private BatchProgram scoring(BatchShape shape) {
        return scoring.computeIfAbsent(
                shape,
                _ -> {
                    var graph = new Graph("evaluate terms of " + shape);
                    TaskGraph task = session.task().graph(builder(graph), shape);
                    var places =
                            Map.of(LOGITS, task.logits().buffer(), LOSSES, task.loss().buffer());
                    var program = graph.compile(List.of(task.logits(), task.loss()));
                    return new BatchProgram(session.engine().load(program), task, places);
                });
    }
}
