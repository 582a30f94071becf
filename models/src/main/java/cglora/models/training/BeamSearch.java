package cglora.models.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;

/// The beams of one sequence that is being written, as transformers' `generate` keeps them: the `n`
/// likeliest that go on, and the `n` best that have ended, by their score, the logarithm of the
/// probability over `length ^ penalty`.
final class BeamSearch {
    private static final float NEVER = -1e9f;

    /// One sequence.
    ///
    /// @param score    logarithm of its probability; of an ended one over `length ^ penalty`
    /// @param finished whether a real one stands here
    private record Beam(int[] tokens, float score, boolean finished) {}

    /// A beam with one token more.
    private record Candidate(int parent, int token, float score) {}

    private final int beams;
    private final int endToken;
    private final int longest;
    private final double penalty;
    private final boolean early;
    private final BiConsumer<float[], int[]> rules;
    private List<Beam> running = new ArrayList<>();
    private List<Beam> ended = new ArrayList<>();
    private final int[] parents;
    private boolean open = true;
    private int length;

    /// @param longest tokens of an answer, its end included
    /// @param penalty above 0 favours long answers
    BeamSearch(int beams, int endToken, int longest, double penalty) {
        this(beams, endToken, longest, penalty, false, (_, _) -> {});
    }

    /// @param early whether all is over once as many have ended as there are beams
    /// @param rules change the logarithms of the probabilities of what comes next, [vocabulary],
    ///     behind the tokens of a beam
    BeamSearch(
            int beams,
            int endToken,
            int longest,
            double penalty,
            boolean early,
            BiConsumer<float[], int[]> rules) {
        this.beams = beams;
        this.endToken = endToken;
        this.longest = longest;
        this.penalty = penalty;
        this.early = early;
        this.rules = rules;
        this.parents = new int[beams];
        for (int i = 0; i < beams; i++) {
            // only the first one goes on: they are all the same
            running.add(new Beam(new int[0], i == 0 ? 0 : NEVER, false));
            ended.add(new Beam(new int[0], NEVER, false));
        }
    }

    /// Whether another token may change the answer.
    boolean isOpen() {
        return open && length < longest;
    }

    /// Adds a token to every beam.
    ///
    /// @param logits [rows, vocabulary]
    /// @param row    of the first beam
    void advance(float[] logits, int row, int vocabulary) {
        List<Candidate> best = candidates(logits, row, vocabulary);
        length++;
        var goingOn = new ArrayList<Candidate>();
        var all = new ArrayList<>(ended);
        for (int rank = 0; rank < best.size(); rank++) {
            Candidate c = best.get(rank);
            boolean ends = c.token() == endToken || length == longest;
            if (!ends) {
                goingOn.add(c);
            } else if (rank < beams && open) {
                float score = (float) (c.score() / Math.pow(length, penalty));
                all.add(new Beam(tokens(c), score, true));
            }
        }
        all.sort(Comparator.comparingDouble(Beam::score).reversed());
        ended = new ArrayList<>(all.subList(0, beams));
        var next = new ArrayList<Beam>();
        for (int i = 0; i < beams; i++) {
            Candidate c = i < goingOn.size() ? goingOn.get(i) : best.get(i);
            parents[i] = c.parent();
            next.add(new Beam(tokens(c), i < goingOn.size() ? c.score() : NEVER, false));
        }
        running = next;
        float possible = (float) (running.getFirst().score() / Math.pow(length, penalty));
        boolean full = ended.stream().allMatch(Beam::finished);
        open &= !full || !early && possible > ended.getLast().score();
    }

    private int[] tokens(Candidate c) {
        int[] before = running.get(c.parent()).tokens();
        int[] tokens = Arrays.copyOf(before, before.length + 1);
        tokens[before.length] = c.token();
        return tokens;
    }

    /// The `2 · beams` likeliest, the likeliest first; of equals the first.
    private List<Candidate> candidates(float[] logits, int row, int vocabulary) {
        int wanted = 2 * beams;
        var best = new ArrayList<Candidate>();
        var scores = new float[vocabulary];
        for (int b = 0; b < beams; b++) {
            int at = (row + b) * vocabulary;
            float max = Float.NEGATIVE_INFINITY;
            for (int c = 0; c < vocabulary; c++) {
                max = Math.max(max, logits[at + c]);
            }
            double sum = 0;
            for (int c = 0; c < vocabulary; c++) {
                sum += Math.exp((double) logits[at + c] - max);
            }
            float lse = (float) (max + Math.log(sum));
            float before = running.get(b).score();
            for (int c = 0; c < vocabulary; c++) {
                scores[c] = logits[at + c] - lse;
            }
            rules.accept(scores, running.get(b).tokens());
            for (int c = 0; c < vocabulary; c++) {
                float score = scores[c] + before;
                if (best.size() == wanted && score <= best.getLast().score()) {
                    continue;
                }
                int place = best.size();
                while (place > 0 && best.get(place - 1).score() < score) {
                    place--;
                }
                best.add(place, new Candidate(b, c, score));
                if (best.size() > wanted) {
                    best.removeLast();
                }
            }
        }
        return best;
    }

    /// The beam that each running one goes on from.
    int parent(int beam) {
        return parents[beam];
    }

    /// The last token of a running beam.
    int lastToken(int beam) {
        return running.get(beam).tokens()[length - 1];
    }

    /// The best answer, its end included.
    int[] answer() {
        return ended.getFirst().finished()
                ? ended.getFirst().tokens()
                : running.getFirst().tokens();
    }
}
