package cglora.pipeline.run;

import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Sequences of tokens drawn from the whole vocabulary, the same for every model of the same shape:
/// two models that answer them alike are one function.
final class MergeProbe {
    private static final int SEQUENCES = 16;
    private static final int SHORTEST = 3;
    private static final int LONGEST = 48;

    private final List<Batch> batches;

    MergeProbe(Predictor model) {
        var encoder = model.checkpoint().encoder();
        int longest = Math.min(LONGEST, encoder.maxPositions());
        var random = new SplittableRandom(1);
        var sequences = new ArrayList<Tokens>();
        for (int i = 0; i < SEQUENCES; i++) {
            int length = random.nextInt(SHORTEST, longest + 1);
            int[] ids = random.ints(length, 0, encoder.vocabularySize()).toArray();
            sequences.add(new Tokens(ids, new int[length], length));
        }
        var data = new Dataset(sequences, new int[SEQUENCES], new float[SEQUENCES], 0, longest);
        batches =
                new Batcher(SEQUENCES, new int[] {longest}, model.checkpoint().padTokenId())
                        .sequential(data);
    }

    /// [sequences][outputs]
    float[][] logits(Predictor model) {
        return model.evaluate(batches, SEQUENCES, () -> false).logits();
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
