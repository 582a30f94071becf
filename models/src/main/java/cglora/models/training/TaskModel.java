package cglora.models.training;

import cglora.models.block.Body;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.metric.EntityCounts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// A model with a task: what a [Session] loads, evaluates and trains. A task says what a batch
/// gives to the graph, what the loss is, and what its results mean.
public interface TaskModel {
    /// Its body.
    Body body();

    /// Parameters that an adapter leaves as they are.
    List<ParameterSpec> bodyParameters();

    /// Weights of a head that is trained and saved whole; empty for none.
    default List<ParameterSpec> headWeights() {
        return List.of();
    }

    /// Biases of a head that is trained and saved whole; empty for none.
    default List<ParameterSpec> headBiases() {
        return List.of();
    }

    /// Weights and biases of the head, in this order.
    List<ParameterSpec> headParameters();

    /// Linear layers that an adapter can be put on.
    List<LinearModule> linearModules();

    /// Appends the model and its loss.
    TaskGraph graph(ModelBuilder builder, BatchShape shape);

    /// What the results of one batch say of its examples, in the order of [Batch#examples].
    ///
    /// @param results elements of what [TaskGraph#results] has, by name
    List<Answer> answers(Batch batch, Function<String, float[]> results);

    /// The mean over all terms of the loss.
    double loss(Evaluation evaluation, Dataset data);

    /// `loss` and all other metrics of the task.
    Map<String, Double> metrics(Evaluation evaluation, Dataset data);

    /// Counts of [true class][predicted class]; empty for a task without classes, and of more than
    /// a table shows.
    default Optional<long[][]> confusion(Evaluation evaluation, Dataset data) {
        return Optional.empty();
    }

    /// How many entities there are and were found, by type; empty for a task without them.
    default Map<String, EntityCounts> entities(Evaluation evaluation, Dataset data) {
        return Map.of();
    }

    /// What the model says of one example.
    ///
    /// @param logits what is compared where two models are: one value a class, or one a token, or
    ///     one a token and class
    /// @param loss   of the example
    /// @param tokens the likeliest token, or class, at each place of its target that is asked for;
    ///     empty for the class of a sequence
    record Answer(float[] logits, float loss, int[] tokens) {}
}
