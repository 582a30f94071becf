package cglora.models.training;

import cglora.kernels.program.DataType;
import cglora.models.block.BatchInputs;
import cglora.models.block.ClassifierHead;
import cglora.models.block.Encoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.TokenStream;
import cglora.models.data.TokenTargets;
import cglora.models.family.CheckpointHead;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.CrossEntropy;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import cglora.models.metric.Entity;
import cglora.models.metric.EntityCounts;
import cglora.models.metric.Metrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// A class for each token that is asked for: a linear layer over the last hidden states, as in the
/// families' `…ForTokenClassification`. The loss is the mean over these tokens, the first ones of
/// words ([cglora.models.data.WordTokens]).
///
/// @param encoder the body
/// @param labels  the classes
public record TokenClassifier(Encoder encoder, Labels labels) implements Classifier {
    private static final String LOGITS = "logits";
    private static final String LOSS = "loss";

    @Override
    public ClassifierHead classifierHead() {
        return encoder.tokenHead(outputs());
    }

    @Override
    public CheckpointHead headOf(PretrainedModel checkpoint) {
        return checkpoint.tokenHead();
    }

    @Override
    public List<ParameterSpec> bodyParameters() {
        return encoder.parameters();
    }

    @Override
    public List<LinearModule> linearModules() {
        return encoder.linearModules();
    }

    /// The targets of a batch are as wide as its sequences: each token has its place.
    @Override
    public TaskGraph graph(ModelBuilder builder, BatchShape shape) {
        BatchInputs inputs = BatchInputs.of(builder.graph(), shape.rows(), shape.width());
        int tokens = shape.rows() * shape.width();
        Tensor labelInput = builder.graph().input("labels", DataType.INT32, Shape.of(tokens));
        Tensor hidden = encoder.build(builder, inputs);
        Tensor features = classifierHead().features(builder, hidden);
        Tensor logits = builder.linear(head(), features);
        Tensor loss = builder.graph().apply(new CrossEntropy(logits, labelInput));
        var results = new LinkedHashMap<String, Supplier<Tensor>>();
        results.put(LOGITS, () -> logits);
        results.put(FEATURES, () -> features);
        results.put(LOSS, () -> loss);
        var given = new ArrayList<>(SequenceClassifier.inputsOf(encoder, inputs));
        given.add(new TaskGraph.Input(labelInput, TokenClassifier::labelsOf));
        return TaskGraph.of(
                builder,
                given,
                loss,
                logits,
                Map.of(TokenStream.SOURCE, inputs.lengths()),
                results);
    }

    private static int[] labelsOf(Batch batch) {
        TokenTargets target = batch.target();
        if (target.width() != batch.width()) {
            throw new IllegalArgumentException(
                    "targets of %d tokens beside sequences of %d"
                            .formatted(target.width(), batch.width()));
        }
        return target.labels();
    }

    /// Of each example the logits of its tokens one after the other, their mean loss, and the
    /// likeliest class of each.
    @Override
    public List<Answer> answers(Batch batch, Function<String, float[]> results) {
        float[] logits = results.apply(LOGITS);
        float[] losses = results.apply(LOSS);
        int[] asked = batch.target().tokens();
        var answers = new ArrayList<Answer>();
        for (int row = 0; row < batch.examples().length; row++) {
            float[] all = new float[batch.width() * outputs()];
            int[] classes = new int[batch.width()];
            int count = 0;
            double sum = 0;
            for (int at = row * batch.width(); at < (row + 1) * batch.width(); at++) {
                if (asked[at] >= 0) {
                    System.arraycopy(logits, at * outputs(), all, count * outputs(), outputs());
                    classes[count++] = likeliest(logits, at * outputs());
                    sum += losses[at];
                }
            }
            answers.add(
                    new Answer(
                            Arrays.copyOf(all, count * outputs()),
                            (float) (sum / Math.max(1, count)),
                            Arrays.copyOf(classes, count)));
        }
        return answers;
    }

    private int likeliest(float[] logits, int from) {
        int best = 0;
        for (int c = 1; c < outputs(); c++) {
            best = logits[from + c] > logits[from + best] ? c : best;
        }
        return best;
    }

    /// The mean over all tokens that are asked for.
    @Override
    public double loss(Evaluation evaluation, Dataset data) {
        double sum = 0;
        long count = 0;
        for (int i = 0; i < data.size(); i++) {
            int tokens = evaluation.tokens()[i].length;
            sum += (double) evaluation.losses()[i] * tokens;
            count += tokens;
        }
        return sum / Math.max(1, count);
    }

    /// `loss` and `token_accuracy`; of tags that mark entities also `precision`, `recall` and `f1`
    /// of whole entities.
    @Override
    public Map<String, Double> metrics(Evaluation evaluation, Dataset data) {
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put("loss", loss(evaluation, data));
        long right = 0;
        long count = 0;
        for (int i = 0; i < data.size(); i++) {
            int[] actual = asked(data, i);
            int[] predicted = evaluation.tokens()[i];
            for (int word = 0; word < actual.length; word++) {
                right += actual[word] == predicted[word] ? 1 : 0;
            }
            count += actual.length;
        }
        metrics.put("token_accuracy", (double) right / Math.max(1, count));
        if (Entity.areTags(labels.names())) {
            metrics.putAll(EntityCounts.sum(entities(evaluation, data)).metrics());
        }
        return metrics;
    }

    @Override
    public Optional<long[][]> confusion(Evaluation evaluation, Dataset data) {
        if (outputs() > Metrics.MOST_CONFUSED) {
            return Optional.empty();
        }
        var actual = new ArrayList<Integer>();
        var predicted = new ArrayList<Integer>();
        for (int i = 0; i < data.size(); i++) {
            Arrays.stream(asked(data, i)).forEach(actual::add);
            Arrays.stream(evaluation.tokens()[i]).forEach(predicted::add);
        }
        return Optional.of(Metrics.confusion(actual, predicted, outputs()));
    }

    @Override
    public Map<String, EntityCounts> entities(Evaluation evaluation, Dataset data) {
        if (!Entity.areTags(labels.names())) {
            return Map.of();
        }
        var actual = new ArrayList<List<String>>();
        var predicted = new ArrayList<List<String>>();
        for (int i = 0; i < data.size(); i++) {
            actual.add(names(asked(data, i)));
            predicted.add(names(evaluation.tokens()[i]));
        }
        return EntityCounts.byType(actual, predicted);
    }

    /// The classes of an example's tokens that are asked for.
    private static int[] asked(Dataset data, int example) {
        return Arrays.stream(data.answers().get(example)).filter(c -> c >= 0).toArray();
    }

    private List<String> names(int[] classes) {
        return Arrays.stream(classes).mapToObj(labels.names()::get).toList();
    }
}
