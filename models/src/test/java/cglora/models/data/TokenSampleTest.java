package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSampleTest {
    private static final int WIDTH = 6;

    /// Answers whose tokens are numbered throughout, with gaps that nothing is asked for at.
    private static Dataset data(int examples) {
        var random = new Random(3);
        var tokens = new ArrayList<Tokens>();
        var answers = new ArrayList<int[]>();
        int next = 0;
        for (int e = 0; e < examples; e++) {
            int[] answer = new int[random.nextInt(WIDTH)];
            for (int i = 0; i < answer.length; i++) {
                answer[i] = random.nextInt(3) == 0 ? -1 : next++;
            }
            int length = 1 + random.nextInt(9);
            tokens.add(new Tokens(new int[length], new int[length], length));
            answers.add(answer);
        }
        return new Dataset(tokens, new int[examples], new float[examples], 0, 9)
                .answeredBy(answers);
    }

    /// The sample's tokens in its order, as the batches of its examples have them.
    private static int[] found(TokenSample sample) {
        int[] found = new int[sample.size()];
        Arrays.fill(found, -1);
        List<Batch> batches =
                new Batcher(4, new int[] {9}, 0, new int[] {WIDTH}).sequential(sample.examples());
        for (Batch batch : batches) {
            int[] members = sample.members(batch);
            int[] places = sample.places(batch);
            assertThat(places).hasSameSizeAs(members).hasSize(sample.count(batch));
            for (int i = 0; i < members.length; i++) {
                assertThat(found[members[i]]).isEqualTo(-1);
                found[members[i]] = batch.target().tokens()[places[i]];
            }
        }
        return found;
    }

    @Test
    void allOfThemAreTakenWhereTheyAreFew() {
        Dataset data = data(40);
        int count = (int) data.classes().count();
        for (int most : new int[] {count, Integer.MAX_VALUE}) {
            TokenSample sample = TokenSample.draw(data, most, 1);
            assertThat(sample.of()).isEqualTo(count);
            assertThat(found(sample)).isEqualTo(IntStream.range(0, count).toArray());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 25})
    void someAreDifferentInTheirOrderAndTheSameForASeed(int most) {
        Dataset data = data(40);
        TokenSample sample = TokenSample.draw(data, most, 5);
        int[] found = found(sample);
        assertThat(found).hasSize(most).isSorted().doesNotHaveDuplicates();
        assertThat(Arrays.stream(found).allMatch(token -> token >= 0 && token < sample.of()))
                .isTrue();
        assertThat(sample.examples().size()).isLessThanOrEqualTo(most);
        assertThat(found(TokenSample.draw(data, most, 5))).isEqualTo(found);
        assertThat(found(TokenSample.draw(data, most, 6))).isNotEqualTo(found);
    }

    /// Each token as often as any other, within five standard deviations.
    @Test
    void everyTokenIsAsLikely() {
        Dataset data = data(6);
        int count = (int) data.classes().count();
        assertThat(count).isBetween(5, 20);
        int most = 3;
        int seeds = 3000;
        int[] times = new int[count];
        for (int seed = 0; seed < seeds; seed++) {
            for (int token : found(TokenSample.draw(data, most, seed))) {
                times[token]++;
            }
        }
        double share = (double) most / count;
        double deviation = Math.sqrt(seeds * share * (1 - share));
        for (int token : times) {
            assertThat((double) token).isEqualTo(seeds * share, within(5 * deviation));
        }
    }

    @Test
    void nothingThatIsAskedForIsAnEmptySample() {
        Dataset none = data(3).answeredBy(List.of(new int[] {-1}, new int[0], new int[] {-1, -1}));
        TokenSample sample = TokenSample.draw(none, 4, 1);
        assertThat(sample.size()).isZero();
        assertThat(sample.examples().size()).isZero();
    }
}
