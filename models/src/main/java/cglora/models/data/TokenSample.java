package cglora.models.data;

import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.commons.rng.simple.RandomSource;

/// Some of the tokens, or of the classes of tokens, that a model is to give for a data set, drawn
/// without replacement and without regard to examples; all of them where they are few. What is kept
/// grows with the sample, not with the data.
public final class TokenSample {
    private final Dataset examples;
    private final int[] firsts;
    private final int[] terms;
    private final long of;

    /// @param firsts [examples + 1] where in the sample the tokens of each example begin
    /// @param terms  [tokens] which of the tokens that its example asks for
    private TokenSample(Dataset examples, int[] firsts, int[] terms, long of) {
        this.examples = examples;
        this.firsts = firsts;
        this.terms = terms;
        this.of = of;
    }

    /// @param data with answers
    /// @param most how many tokens at most
    public static TokenSample draw(Dataset data, int most, long seed) {
        long of = data.answers().stream().mapToLong(TokenSample::asked).sum();
        long[] chosen = choose(of, most, seed);
        int[] terms = new int[chosen.length];
        int[] places = new int[chosen.length];
        int[] firsts = new int[chosen.length + 1];
        int examples = 0;
        int next = 0;
        long before = 0;
        for (int e = 0; next < chosen.length; e++) {
            int asked = asked(data.answers().get(e));
            int first = next;
            for (; next < chosen.length && chosen[next] < before + asked; next++) {
                terms[next] = (int) (chosen[next] - before);
            }
            if (next > first) {
                places[examples] = e;
                firsts[examples++] = first;
            }
            before += asked;
        }
        firsts[examples] = next;
        return new TokenSample(
                data.select(Arrays.copyOf(places, examples)),
                Arrays.copyOf(firsts, examples + 1),
                terms,
                of);
    }

    private static int asked(int[] answer) {
        return (int) Arrays.stream(answer).filter(token -> token >= 0).count();
    }

    /// Different numbers below `of`, ascending: R. Floyd's algorithm, which remembers only what it
    /// takes (J. Bentley, "Programming pearls: a sample of brilliance", CACM 30, 1987).
    private static long[] choose(long of, int most, long seed) {
        if (of <= most) {
            return LongStream.range(0, of).toArray();
        }
        var random = RandomSource.XO_RO_SHI_RO_128_PP.create(seed);
        var chosen = new TreeSet<Long>();
        for (long last = of - most; last < of; last++) {
            long drawn = random.nextLong(last + 1);
            chosen.add(chosen.contains(drawn) ? last : drawn);
        }
        return chosen.stream().mapToLong(Long::longValue).toArray();
    }

    /// The examples of which at least one token is in the sample.
    public Dataset examples() {
        return examples;
    }

    /// Tokens in the sample.
    public int size() {
        return terms.length;
    }

    /// Tokens that all examples of the data set ask for.
    public long of() {
        return of;
    }

    /// Tokens of one batch that are in the sample.
    ///
    /// @param batch of [#examples]
    public int count(Batch batch) {
        return Arrays.stream(batch.examples()).map(e -> firsts[e + 1] - firsts[e]).sum();
    }

    /// Which of the sample's tokens a batch has, [count]: one example after the other.
    ///
    /// @param batch of [#examples]
    public int[] members(Batch batch) {
        return Arrays.stream(batch.examples())
                .flatMap(e -> IntStream.range(firsts[e], firsts[e + 1]))
                .toArray();
    }

    /// Where in the batch's targets these are, [count], in the same order.
    ///
    /// @param batch of [#examples]
    public int[] places(Batch batch) {
        int width = batch.target().width();
        var places = IntStream.builder();
        for (int row = 0; row < batch.examples().length; row++) {
            int example = batch.examples()[row];
            int[] asked = batch.target().asked(row);
            for (int i = firsts[example]; i < firsts[example + 1]; i++) {
                places.add(row * width + asked[terms[i]]);
            }
        }
        return places.build().toArray();
    }
}
