package cglora.pipeline.run;

import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.training.Session;
import java.util.List;

/// How likely a model finds the tokens of texts that are there.
final class TokenScores {
    private static final int BATCH = 16;

    private TokenScores() {}

    /// Natural logarithms of each token's probability, given all in front of it.
    ///
    /// @param data what the model reads, with the answers
    /// @return [examples][tokens of the answer]
    static float[][] of(Session session, Dataset data, int padId) {
        int widest = 1;
        for (int i = 0; i < data.size(); i++) {
            widest = Math.max(widest, data.tokens().length(i));
        }
        List<int[]> answers = data.answers();
        int longest = answers.stream().mapToInt(answer -> answer.length).max().orElse(0);
        var batcher =
                new Batcher(
                        Math.min(BATCH, Math.max(1, data.size())),
                        new int[] {widest},
                        padId,
                        new int[] {Math.max(1, longest)});
        return session.evaluator().evaluate(batcher.sequential(data), data.size()).logits();
    }
}
