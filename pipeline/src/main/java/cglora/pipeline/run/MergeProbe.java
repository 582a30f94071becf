package cglora.pipeline.run;

import cglora.models.block.Body;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Seq2Seq;
import cglora.models.training.TaskModel;
import cglora.models.training.TokenClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Sequences of tokens drawn from the whole vocabulary, the same for every model of the same shape:
/// two models that answer them alike are one function.
final class MergeProbe {
    private static final int SEQUENCES = 16;
    private static final int SHORTEST = 3;
    private static final int LONGEST = 48;

    private final List<Batch> batches;

    MergeProbe(LoadedModel model) {
        Body body = model.checkpoint().body();
        int longest = Math.min(LONGEST, body.maxPositions());
        var random = new SplittableRandom(1);
        var sequences = new ArrayList<Tokens>();
        for (int i = 0; i < SEQUENCES; i++) {
            int length = random.nextInt(SHORTEST, longest + 1);
            int[] ids = random.ints(length, 0, body.vocabularySize()).toArray();
            sequences.add(new Tokens(ids, new int[length], length));
        }
        var data = new Dataset(sequences, new int[SEQUENCES], new float[SEQUENCES], 0, longest);
        int[] widths = {longest};
        batches =
                new Batcher(SEQUENCES, widths, model.checkpoint().padTokenId(), widths)
                        .sequential(answered(data, model.session().task(), sequences));
    }

    /// What a model that writes is asked for: the end of a sequence, or all of another one.
    private static Dataset answered(Dataset data, TaskModel task, List<Tokens> sequences) {
        return switch (task) {
            case CausalLanguageModel _ ->
                    data.answeredBy(
                            sequences.stream()
                                    .map(Tokens::inputIds)
                                    .map(ids -> Arrays.copyOfRange(ids, 1, ids.length))
                                    .toList());
            case Seq2Seq _ ->
                    data.answeredBy(sequences.reversed().stream().map(Tokens::inputIds).toList());
            case TokenClassifier _ ->
                    data.answeredBy(
                            sequences.stream().map(s -> new int[s.inputIds().length]).toList());
            default -> data;
        };
    }

    /// [sequences][outputs]: logits of classes, or the logarithms of tokens' probabilities.
    float[][] logits(LoadedModel model) {
        return model.session().evaluator().evaluate(batches, SEQUENCES).logits();
    }

    /// The largest of a logit.
    static double difference(float[][] one, float[][] other) {
        double largest = 0;
        for (int i = 0; i < one.length; i++) {
            for (int c = 0; c < one[i].length; c++) {
                double difference = Math.abs((double) one[i][c] - other[i][c]);
                largest = Double.isNaN(difference) ? difference : Math.max(largest, difference);
            }
        }
        return largest;
    }
}
