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
import cglora.models.graph.GatherRows;
import cglora.models.graph.Graph;
import cglora.models.graph.Linear;
import cglora.models.graph.Shape;
import cglora.models.graph.TakeRows;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Says which token comes next. An example is a prompt and the answer behind it in one sequence;
/// the loss is that of each token of the answer, given all in front of it. Logits are made for
/// these only. Of several examples in one row each has the positions, the attention and the loss
/// that it has in a row of its own.
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
        BatchInputs inputs =
                shape.packed()
                        ? BatchInputs.ofPacked(graph, rows, shape.width())
                        : BatchInputs.of(graph, rows, shape.width());
        var given = new ArrayList<TaskGraph.Input>();
        given.add(new TaskGraph.Input(inputs.words(), Batch::inputIds));
        given.add(new TaskGraph.Input(inputs.positions(), this::positions));
        given.add(new TaskGraph.Input(inputs.types(), b -> new int[b.typeIds().length]));
        given.add(new TaskGraph.Input(inputs.lengths(), Batch::lengths));
        if (shape.packed()) {
            given.add(new TaskGraph.Input(inputs.starts(), Batch::starts));
        }
        Tensor labels = graph.input("labels", DataType.INT32, Shape.of(rows * shape.targetWidth()));
        given.add(new TaskGraph.Input(labels, b -> b.target().labels()));
        Tensor hidden = decoder.build(builder, inputs);
        Tensor logits = logits(builder, asked(graph, hidden, shape, given));
        Tensor loss = TokenTask.loss(graph, logits, labels);
        return TaskGraph.of(
                builder,
                given,
                loss,
                logits,
                Map.of(TokenStream.SOURCE, inputs.lengths()),
                TokenTask.results(graph, logits, loss));
    }

    private int[] positions(Batch batch) {
        return batch.starts() == null
                ? decoder.positions(batch.inputIds(), batch.width())
                : batch.positions();
    }

    /// The hidden states behind which the tokens stand that are asked for [rows · targetWidth,
    /// hidden].
    ///
    /// @param given what a batch gives to the graph; added to
    private static Tensor asked(
            Graph graph, Tensor hidden, BatchShape shape, List<TaskGraph.Input> given) {
        int rows = shape.rows();
        if (!shape.packed()) {
            Tensor starts = graph.input("starts", DataType.INT32, Shape.of(rows));
            given.add(new TaskGraph.Input(starts, CausalLanguageModel::starts));
            return graph.apply(new TakeRows(hidden, starts, shape.targetWidth()));
        }
        int terms = rows * shape.targetWidth();
        Tensor places = graph.input("places", DataType.INT32, Shape.of(terms));
        Tensor back = graph.input("terms", DataType.INT32, Shape.of(rows * shape.width()));
        given.add(new TaskGraph.Input(places, CausalLanguageModel::places));
        given.add(new TaskGraph.Input(back, CausalLanguageModel::terms));
        return graph.apply(new GatherRows(hidden, places, back));
    }

    /// Of each term of the loss the token of the batch behind which it stands; -1 for none.
    private static int[] places(Batch batch) {
        int[] places = batch.target().places().clone();
        for (int i = 0; i < places.length; i++) {
            int row = i / batch.target().width();
            places[i] = places[i] < 0 ? -1 : row * batch.width() + places[i];
        }
        return places;
    }

    /// Of each token of the batch the term of the loss that stands behind it; -1 for none.
    private static int[] terms(Batch batch) {
        int[] terms = new int[batch.rows() * batch.width()];
        Arrays.fill(terms, -1);
        int[] places = places(batch);
        for (int i = 0; i < places.length; i++) {
            if (places[i] >= 0) {
                terms[places[i]] = i;
            }
        }
        return terms;
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
