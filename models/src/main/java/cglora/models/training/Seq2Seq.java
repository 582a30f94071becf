package cglora.models.training;

import cglora.kernels.program.DataType;
import cglora.models.block.EncoderDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Sequences;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.data.TokenStream;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Writes one sequence for another: the decoder sees the target shifted by one, and the loss is
/// that of each target token.
public record Seq2Seq(EncoderDecoder body) implements TaskModel {
    @Override
    public List<ParameterSpec> bodyParameters() {
        return body.parameters();
    }

    @Override
    public List<ParameterSpec> headParameters() {
        return List.of();
    }

    @Override
    public List<LinearModule> linearModules() {
        return body.linearModules();
    }

    @Override
    public TaskGraph graph(ModelBuilder builder, BatchShape shape) {
        Graph graph = builder.graph();
        Sequences source = sequences(graph, "", shape.rows(), shape.width());
        Sequences target = sequences(graph, "decoder_", shape.rows(), shape.targetWidth());
        Tensor labels =
                graph.input("labels", DataType.INT32, Shape.of(shape.rows() * shape.targetWidth()));
        Tensor logits = logits(builder, source, target);
        Tensor loss = TokenTask.loss(graph, logits, labels);
        return TaskGraph.of(
                builder,
                List.of(
                        new TaskGraph.Input(source.words(), Batch::inputIds),
                        new TaskGraph.Input(source.lengths(), Batch::lengths),
                        new TaskGraph.Input(target.words(), this::shifted),
                        new TaskGraph.Input(target.lengths(), Seq2Seq::targetLengths),
                        new TaskGraph.Input(labels, batch -> batch.target().labels())),
                loss,
                logits,
                Map.of(TokenStream.SOURCE, source.lengths(), TokenStream.TARGET, target.lengths()),
                TokenTask.results(graph, logits, loss));
    }

    static Sequences sequences(Graph graph, String prefix, int rows, int width) {
        return new Sequences(
                rows,
                width,
                graph.input(prefix + "input_ids", DataType.INT32, Shape.of(rows * width)),
                graph.input(prefix + "lengths", DataType.INT32, Shape.of(rows)));
    }

    /// [rows · target width, vocabulary].
    Tensor logits(ModelBuilder builder, Sequences source, Sequences target) {
        Tensor states = body.encode(builder, source);
        return body.logits(builder, body.decode(builder, target, states, source));
    }

    /// The start token, then the target but for its last token; padding is the start token, too.
    int[] shifted(Batch batch) {
        int width = batch.target().width();
        int[] tokens = batch.target().tokens();
        int[] shifted = new int[tokens.length];
        for (int i = 0; i < shifted.length; i++) {
            int before = i % width == 0 ? -1 : tokens[i - 1];
            shifted[i] = before < 0 ? body.startTokenId() : before;
        }
        return shifted;
    }

    static int[] targetLengths(Batch batch) {
        return batch.lengths(TokenStream.TARGET);
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
        return TokenTask.metrics(evaluation, data);
    }
}
