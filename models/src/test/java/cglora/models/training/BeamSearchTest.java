package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Beam search against all sequences of a small language whose next token depends on the last one.
class BeamSearchTest {
    private static final int VOCABULARY = 4;
    private static final int END = 3;
    private static final int LONGEST = 4;

    @Test
    void asManyBeamsAsThereAreSequencesFindTheBestOfAll() {
        for (int seed = 0; seed < 50; seed++) {
            float[][] logits = logits(seed);
            for (double penalty : new double[] {0, 1, 2}) {
                assertThat(score(logits, search(logits, 100, penalty), penalty))
                        .as("seed %d, penalty %s", seed, penalty)
                        .isCloseTo(best(logits, penalty), within(1e-6));
            }
        }
    }

    @Test
    void oneBeamIsGreedyAsLongAsNothingEnds() {
        for (int seed = 0; seed < 50; seed++) {
            float[][] logits = logits(seed);
            int[] found = search(logits, 1, 0);
            int last = VOCABULARY;
            for (int token : found) {
                int greedy = 0;
                for (int c = 1; c < VOCABULARY; c++) {
                    greedy = logits[last][c] > logits[last][greedy] ? c : greedy;
                }
                if (greedy == END) {
                    break;
                }
                assertThat(token).as("seed %d", seed).isEqualTo(greedy);
                last = token;
            }
        }
    }

    /// [last token, the start being the last row][next token].
    private static float[][] logits(long seed) {
        var random = new Random(seed);
        float[][] logits = new float[VOCABULARY + 1][VOCABULARY];
        for (float[] row : logits) {
            for (int c = 0; c < VOCABULARY; c++) {
                row[c] = (float) random.nextGaussian();
            }
        }
        return logits;
    }

    private static int[] search(float[][] logits, int beams, double penalty) {
        var search = new BeamSearch(beams, END, LONGEST, penalty);
        int[] last = new int[beams];
        java.util.Arrays.fill(last, VOCABULARY);
        while (search.isOpen()) {
            float[] rows = new float[beams * VOCABULARY];
            for (int b = 0; b < beams; b++) {
                System.arraycopy(logits[last[b]], 0, rows, b * VOCABULARY, VOCABULARY);
            }
            search.advance(rows, 0, VOCABULARY);
            for (int b = 0; b < beams; b++) {
                last[b] = search.lastToken(b);
            }
        }
        return search.answer();
    }

    private static double best(float[][] logits, double penalty) {
        var all = new ArrayList<int[]>();
        enumerate(new int[0], all);
        return all.stream()
                .mapToDouble(tokens -> score(logits, tokens, penalty))
                .max()
                .orElseThrow();
    }

    private static double score(float[][] logits, int[] tokens, double penalty) {
        double score = 0;
        int last = VOCABULARY;
        for (int token : tokens) {
            double sum = 0;
            for (float logit : logits[last]) {
                sum += Math.exp(logit);
            }
            score += logits[last][token] - Math.log(sum);
            last = token;
        }
        return score / Math.pow(tokens.length, penalty);
    }

    /// All sequences that end, and those that are as long as they may be.
    private static void enumerate(int[] start, List<int[]> all) {
        for (int token = 0; token < VOCABULARY; token++) {
            int[] tokens = java.util.Arrays.copyOf(start, start.length + 1);
            tokens[start.length] = token;
            if (token == END || tokens.length == LONGEST) {
                all.add(tokens);
            } else {
                enumerate(tokens, all);
            }
        }
    }
}
