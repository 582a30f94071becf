package cglora.models.training;

import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.data.TokenTargets;
import cglora.models.graph.CrossEntropy;
import cglora.models.graph.Graph;
import cglora.models.graph.RowArgMax;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/// What tasks have in common whose answer is a sequence of tokens: the loss is the mean over the
/// tokens that are asked for.
final class TokenTask {
    private static final String LOSS = "loss";
    private static final String CHOICE = "choice";

    private TokenTask() {}

    /// The loss of each token, 0 where none is asked for.
    ///
    /// @param logits [rows · width, vocabulary]
    /// @param labels [rows · width], int, -1 for none
    static Tensor loss(Graph graph, Tensor logits, Tensor labels) {
        return graph.apply(new CrossEntropy(logits, labels));
    }

    static Map<String, Supplier<Tensor>> results(Graph graph, Tensor logits, Tensor loss) {
        return Map.of(LOSS, () -> loss, CHOICE, () -> graph.apply(new RowArgMax(logits)));
    }

    /// Of each example the logarithms of its tokens' probabilities, their mean loss, and the
    /// likeliest tokens given those before.
    static List<TaskModel.Answer> answers(Batch batch, Function<String, float[]> results) {
        TokenTargets target = batch.target();
        float[] loss = results.apply(LOSS);
        float[] choice = results.apply(CHOICE);
        var answers = new ArrayList<TaskModel.Answer>();
        for (int row = 0; row < batch.examples().length; row++) {
            float[] logs = new float[target.width()];
            int[] tokens = new int[target.width()];
            int count = 0;
            double sum = 0;
            for (int i = 0; i < target.width(); i++) {
                int at = row * target.width() + i;
                if (target.tokens()[at] >= 0) {
                    logs[count] = -loss[at];
                    tokens[count++] = (int) choice[at];
                    sum += loss[at];
                }
            }
            answers.add(
                    new TaskModel.Answer(
                            Arrays.copyOf(logs, count),
                            (float) (sum / Math.max(1, count)),
                            Arrays.copyOf(tokens, count)));
        }
        return answers;
    }

    /// The mean over all tokens.
    static double loss(Evaluation evaluation) {
        double loss = 0;
        long tokens = 0;
        for (float[] logs : evaluation.logits()) {
            for (float log : logs) {
                loss -= log;
            }
            tokens += logs.length;
        }
        return loss / tokens;
    }

    /// `loss`, the mean over all tokens; `exact_match`, the share of examples whose tokens are all
    /// the likeliest given those before, which are those that greedy decoding writes; and
    /// `token_accuracy`.
    static Map<String, Double> metrics(Evaluation evaluation, Dataset data) {
        long right = 0;
        long tokens = 0;
        int exact = 0;
        for (int i = 0; i < data.size(); i++) {
            int[] expected = data.answers().get(i);
            int[] found = evaluation.tokens()[i];
            int equal = 0;
            for (int t = 0; t < expected.length; t++) {
                equal += expected[t] == found[t] ? 1 : 0;
            }
            right += equal;
            tokens += expected.length;
            exact += equal == expected.length ? 1 : 0;
        }
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put("loss", loss(evaluation));
        metrics.put("exact_match", (double) exact / data.size());
        metrics.put("token_accuracy", (double) right / tokens);
        return metrics;
    }
}
