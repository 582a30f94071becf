package cglora.models.generation;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// How the next token is chosen from its logits, with the names that transformers' `generate`
/// has: the logits are divided by the temperature, then all but the `topK` largest are left out,
/// then all but the fewest that together reach the probability `topP` (Holtzman et al., arXiv
/// 1904.09751), and one of the rest is drawn.
///
/// @param temperature 0 for the likeliest token
/// @param topK        0 for all
/// @param topP        1 for all
public record Sampling(double temperature, int topK, double topP) {
    /// The likeliest token, the first of equals.
    public static final Sampling GREEDY = new Sampling(0, 0, 1);

    public Sampling {
        require(temperature >= 0 && temperature < 1e6, "temperature " + temperature, "0 or more");
        require(topK >= 0, "top_k " + topK, "0 for all, or 1 and more");
        require(topP > 0 && topP <= 1, "top_p " + topP, "above 0 and at most 1");
    }

    private static void require(boolean holds, String what, String expected) {
        if (!holds) {
            throw new CgloraException(ErrorCode.O_RANGE, "", what + ", expected " + expected, "");
        }
    }

    /// Whether nothing is drawn.
    public boolean isGreedy() {
        return temperature == 0;
    }

    /// The next token.
    ///
    /// @param logits holds those of the vocabulary from `from` on
    /// @param random asked once for each token that is drawn
    public int choose(float[] logits, int from, int vocabulary, RandomGenerator random) {
        int best = best(logits, from, vocabulary);
        if (isGreedy()) {
            return best;
        }
        double largest = logits[from + best];
        double[] weights = new double[vocabulary];
        for (int token = 0; token < vocabulary; token++) {
            weights[token] = Math.exp((logits[from + token] - largest) / temperature);
        }
        if (topK > 0 && topK < vocabulary || topP < 1) {
            leaveOut(weights);
        }
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        double left = random.nextDouble() * sum;
        for (int token = 0; token < vocabulary; token++) {
            left -= weights[token];
            if (left < 0 && weights[token] > 0) {
                return token;
            }
        }
        return best;
    }

    private static int best(float[] logits, int from, int vocabulary) {
        int best = 0;
        for (int token = 1; token < vocabulary; token++) {
            best = logits[from + token] > logits[from + best] ? token : best;
        }
        return best;
    }

    /// Sets the weights of what is left out to 0: all below the smallest that stays. Equals stay
    /// together.
    private void leaveOut(double[] weights) {
        double[] sorted = weights.clone();
        Arrays.sort(sorted);
        int last = sorted.length - 1;
        int count = topK > 0 ? Math.min(topK, sorted.length) : sorted.length;
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += sorted[last - i];
        }
        double reached = 0;
        double smallest = sorted[last - count + 1];
        for (int i = 0; i < count && topP < 1; i++) {
            reached += sorted[last - i] / sum;
            if (reached >= topP) {
                smallest = sorted[last - i];
                break;
            }
        }
        for (int token = 0; token < weights.length; token++) {
            weights[token] = weights[token] < smallest ? 0 : weights[token];
        }
    }
}
