package cglora.models.training;

import cglora.kernels.program.DataType;
import cglora.models.block.BatchInputs;
import cglora.models.block.Body;
import cglora.models.block.CausalDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.data.TokenStream;
import cglora.models.graph.Graph;
import cglora.models.graph.Linear;
import cglora.models.graph.Shape;
import cglora.models.graph.TakeRows;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Says which token comes next. An example is a prompt and the answer behind it in one sequence;
/// the loss is that of each token of the answer, given all in front of it. Logits are made for
/// these only.
public record CausalLanguageModel(CausalDecoder decoder) implements TaskModel {
    @Override
    public Body body() {
        return decoder;
    }

    /// The body's, and the head's where it is not tied to the embeddings.
    @Override
    public List<ParameterSpec> bodyParameters() {
        var specs = new ArrayList<>(decoder.parameters());
        if (!decoder.isTied()) {
            specs.add(decoder.languageHead());
        }
        return specs;
    }

    /// None: the head is part of what an adapter leaves as it is.
    @Override
    public List<ParameterSpec> headParameters() {
        return List.of();
    }

    @Override
    public List<LinearModule> linearModules() {
        return decoder.linearModules();
    }

    @Override
    public TaskGraph graph(ModelBuilder builder, BatchShape shape) {
        Graph graph = builder.graph();
        int rows = shape.rows();
        BatchInputs inputs = BatchInputs.of(graph, rows, shape.width());
        Tensor starts = graph.input("starts", DataType.INT32, Shape.of(rows));
        Tensor labels = graph.input("labels", DataType.INT32, Shape.of(rows * shape.targetWidth()));
        Tensor hidden = decoder.build(builder, inputs);
        Tensor asked = graph.apply(new TakeRows(hidden, starts, shape.targetWidth()));
        Tensor logits = logits(builder, asked);
        Tensor loss = TokenTask.loss(graph, logits, labels);
        return TaskGraph.of(
                builder,
                List.of(
                        new TaskGraph.Input(inputs.words(), Batch::inputIds),
                        new TaskGraph.Input(
                                inputs.positions(),
                                b -> decoder.positions(b.inputIds(), b.width())),
                        new TaskGraph.Input(inputs.types(), b -> new int[b.typeIds().length]),
                        new TaskGraph.Input(inputs.lengths(), Batch::lengths),
                        new TaskGraph.Input(starts, CausalLanguageModel::starts),
                        new TaskGraph.Input(labels, b -> b.target().labels())),
                loss,
                logits,
                Map.of(TokenStream.SOURCE, inputs.lengths()),
                TokenTask.results(graph, logits, loss));
    }

    /// [rows, vocabulary].
    ///
    /// @param hidden [rows, hidden]
    Tensor logits(ModelBuilder builder, Tensor hidden) {
        Tensor weight = builder.parameter(decoder.languageHead().name());
        return builder.graph().apply(new Linear(hidden, weight, null));
    }

    /// The tokens behind which the answers stand.
    static int[] starts(Batch batch) {
        int[] starts = new int[batch.rows()];
        for (int row = 0; row < starts.length; row++) {
            starts[row] = Math.max(0, batch.lengths()[row] - batch.target().length(row) - 1);
        }
        return starts;
    }

    @Override
    public List<Answer> answers(Batch batch, Function<String, float[]> results) {
        return TokenTask.answers(batch, results);
    }

    @Override
    public double loss(Evaluation evaluation, Dataset data) {
        return TokenTask.loss(evaluation);
    }

    @Override
    public Map<String, Double> metrics(Evaluation evaluation, Dataset data) {
        var metrics = TokenTask.metrics(evaluation, data);
        metrics.put("perplexity", Math.exp(metrics.get("loss")));
        return metrics;
    }
}
