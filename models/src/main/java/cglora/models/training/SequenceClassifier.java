package cglora.models.training;

import cglora.kernels.program.DataType;
import cglora.models.block.Activation;
import cglora.models.block.BatchInputs;
import cglora.models.block.ClassifierHead;
import cglora.models.block.Encoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Labels;
import cglora.models.graph.ClsPool;
import cglora.models.graph.CrossEntropy;
import cglora.models.graph.LastPool;
import cglora.models.graph.MeanPool;
import cglora.models.graph.Shape;
import cglora.models.graph.SquaredError;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/// A body, a pooling and the family's head: classification of sequences, or regression with one
/// output.
///
/// @param encoder the body
/// @param pooling how a sequence becomes one vector
/// @param labels  the classes
public record SequenceClassifier(Encoder encoder, Pooling pooling, Labels labels) {
    /// What a graph of it gives.
    ///
    /// @param hidden   [batch · width, hidden] last hidden states
    /// @param features [batch, hidden] what the head's last layer sees
    /// @param logits   [batch, classes]
    public record Outputs(Tensor hidden, Tensor features, Tensor logits) {}

    public int outputs() {
        return labels.names().size();
    }

    /// The family's head.
    public ClassifierHead classifierHead() {
        return encoder.classifierHead(outputs());
    }

    /// The head's last layer, which gives the logits.
    public LinearModule head() {
        return classifierHead().output();
    }

    /// Weights and biases of the head's layers, which are trained and saved whole.
    public List<ParameterSpec> headParameters() {
        return classifierHead().parameters();
    }

    /// Parameters of the body, the pooler included where it is used.
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
}
