package cglora.models.training;

import cglora.kernels.program.DataType;
import cglora.models.block.Activation;
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
import cglora.models.family.CheckpointHead;
import cglora.models.family.PretrainedModel;
import cglora.models.graph.ClsPool;
import cglora.models.graph.CrossEntropy;
import cglora.models.graph.LastPool;
import cglora.models.graph.MeanPool;
import cglora.models.graph.Shape;
import cglora.models.graph.SquaredError;
import cglora.models.graph.Tensor;
import cglora.models.metric.Metrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// A body, a pooling and the family's head: classification of sequences, or regression with one
/// output.
///
/// @param encoder the body
/// @param pooling how a sequence becomes one vector
/// @param labels  the classes
public record SequenceClassifier(Encoder encoder, Pooling pooling, Labels labels)
        implements Classifier {
    /// Names of the results.
    private static final String LOGITS = "logits";
    private static final String LOSS = "loss";

    /// What a graph of it gives.
    ///
    /// @param hidden   [batch · width, hidden] last hidden states
    /// @param features [batch, hidden] what the head's last layer sees
    /// @param logits   [batch, classes]
    public record Outputs(Tensor hidden, Tensor features, Tensor logits) {}

    @Override
    public ClassifierHead classifierHead() {
        return encoder.classifierHead(outputs());
    }

    @Override
    public CheckpointHead headOf(PretrainedModel checkpoint) {
        return checkpoint.sequenceHead();
    }

    /// Parameters of the body, the pooler included where it is used.
    @Override
    public List<ParameterSpec> bodyParameters() {
        var specs = new ArrayList<>(encoder.parameters());
        if (pooling == Pooling.POOLER) {
            LinearModule pooler = encoder.pooler().orElseThrow();
            specs.add(ParameterSpec.matrix(pooler.weight(), pooler.out(), pooler.in()));
            specs.add(ParameterSpec.vector(pooler.bias(), pooler.out()));
        }
        return specs;
    }

    /// Linear layers that an adapter can be put on: all but the head.
    @Override
    public List<LinearModule> linearModules() {
        var modules = new ArrayList<>(encoder.linearModules());
        if (pooling == Pooling.POOLER) {
            modules.add(encoder.pooler().orElseThrow());
        }
        return modules;
    }

    public Outputs build(ModelBuilder builder, BatchInputs inputs) {
        var graph = builder.graph();
        Tensor hidden = encoder.build(builder, inputs);
        Tensor pooled =
                graph.apply(
                        switch (pooling) {
                            case MEAN -> new MeanPool(hidden, inputs.lengths());
                            case LAST -> new LastPool(hidden, inputs.lengths());
                            case CLS, POOLER -> new ClsPool(hidden, inputs.lengths());
                        });
        if (pooling == Pooling.POOLER) {
            pooled = builder.activated(encoder.pooler().orElseThrow(), Activation.TANH, pooled);
        }
        Tensor features = classifierHead().features(builder, pooled);
        return new Outputs(hidden, features, builder.linear(head(), features));
    }

    /// The labels' input: int classes, or float targets [batch].
    public Tensor labelInput(ModelBuilder builder, int batch) {
        return builder.graph()
                .input(
                        "labels",
                        labels.regression() ? DataType.FLOAT32 : DataType.INT32,
                        Shape.of(batch));
    }

    /// The loss of each example [batch].
    public Tensor loss(ModelBuilder builder, Tensor logits, Tensor labelInput) {
        return builder.graph()
                .apply(
                        labels.regression()
                                ? new SquaredError(logits, labelInput)
                                : new CrossEntropy(logits, labelInput));
    }

    @Override
    public TaskGraph graph(ModelBuilder builder, BatchShape shape) {
        BatchInputs inputs = BatchInputs.of(builder.graph(), shape.rows(), shape.width());
        Outputs outputs = build(builder, inputs);
        Tensor labelInput = labelInput(builder, shape.rows());
        Tensor loss = loss(builder, outputs.logits(), labelInput);
        var results = new LinkedHashMap<String, Supplier<Tensor>>();
        results.put(LOGITS, outputs::logits);
        results.put(FEATURES, outputs::features);
        results.put(LOSS, () -> loss);
        return TaskGraph.of(
                builder,
                inputsOf(inputs, labelInput),
                loss,
                outputs.logits(),
                Map.of(TokenStream.SOURCE, inputs.lengths()),
                results);
    }

    /// What a batch writes into these inputs.
    List<TaskGraph.Input> inputsOf(BatchInputs inputs, Tensor labelInput) {
        var given = new ArrayList<>(inputsOf(encoder, inputs));
        given.add(
                new TaskGraph.Input(
                        labelInput, labels.regression() ? Batch::targets : Batch::labels));
        return given;
    }

    /// What a batch writes into the inputs of a body.
    static List<TaskGraph.Input> inputsOf(Encoder encoder, BatchInputs inputs) {
        return List.of(
                new TaskGraph.Input(inputs.words(), Batch::inputIds),
                new TaskGraph.Input(
                        inputs.positions(), b -> encoder.positions(b.inputIds(), b.width())),
                new TaskGraph.Input(
                        inputs.types(),
                        b -> encoder.tokenTypes() > 1 ? b.typeIds() : new int[b.typeIds().length]),
                new TaskGraph.Input(inputs.lengths(), Batch::lengths));
    }

    @Override
    public List<Answer> answers(Batch batch, Function<String, float[]> results) {
        float[] logits = results.apply(LOGITS);
        float[] losses = results.apply(LOSS);
        var answers = new ArrayList<Answer>();
        for (int row = 0; row < batch.examples().length; row++) {
            int from = row * outputs();
            answers.add(
                    new Answer(
                            Arrays.copyOfRange(logits, from, from + outputs()),
                            losses[row],
                            new int[0]));
        }
        return answers;
    }

    @Override
    public double loss(Evaluation evaluation, Dataset data) {
        return evaluation.loss();
    }

    @Override
    public Map<String, Double> metrics(Evaluation evaluation, Dataset data) {
        return evaluation.metrics(data, labels);
    }

    @Override
    public Optional<long[][]> confusion(Evaluation evaluation, Dataset data) {
        return labels.regression() || labels.names().size() > Metrics.MOST_CONFUSED
                ? Optional.empty()
                : Optional.of(evaluation.confusion(data, labels));
    }
}
