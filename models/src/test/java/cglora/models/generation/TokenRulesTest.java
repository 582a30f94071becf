package cglora.models.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Scores of a vocabulary of six; what transformers makes of whole texts is in
/// LoadingVariantsTest.
class TokenRulesTest {
    private static final float NEVER = Float.NEGATIVE_INFINITY;
    private static final int VOCABULARY = 6;

    private static TokenRules rules(
            double penalty, int ngram, List<List<Integer>> words, Integer start, int least) {
        return new TokenRules(
                1, penalty, ngram, 0, words, 0, least, start, Set.of(), Set.of(), Set.of(),
                Set.of(5));
    }

    /// Scores 1 to 6 behind one place that is not theirs, after the rules.
    private static float[] after(TokenRules rules, int given, int... text) {
        float[] scores = {9, 1, 2, 3, 4, 5, 6};
        rules.apply(scores, 1, VOCABULARY, new TokenRules.Text(text, given, 4, text));
        assertThat(scores[0]).isEqualTo(9);
        return Arrays.copyOfRange(scores, 1, VOCABULARY + 1);
    }

    @Test
    void endsAloneChangeNothing() {
        assertThat(TokenRules.NONE.isNone()).isTrue();
        assertThat(rules(1, 0, List.of(), null, 0).isNone()).isTrue();
        assertThat(rules(1.5, 0, List.of(), null, 0).isNone()).isFalse();
        assertThat(rules(1, 0, List.of(), null, 1).isNone()).isFalse();
    }

    @Test
    void aTokenIsPenalizedOnceHoweverOftenItIsThere() {
        assertThat(after(rules(2, 0, List.of(), null, 0), 3, 1, 1, 3))
                .containsExactly(1, 1, 3, 2, 5, 6);
    }

    @Test
    void aRunComesOnce() {
        assertThat(after(rules(1, 3, List.of(), null, 0), 5, 0, 1, 2, 0, 1))
                .containsExactly(1, 2, NEVER, 4, 5, 6);
        assertThat(after(rules(1, 3, List.of(), null, 0), 1, 0)).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void wordsDoNotComeButForTheEnd() {
        var words = List.of(List.of(2), List.of(5), List.of(0, 1, 4), List.of(1, 1, 3));
        assertThat(after(rules(1, 0, words, null, 0), 2, 0, 1))
                .containsExactly(1, 2, NEVER, 4, NEVER, 6);
    }

    @Test
    void whatHasToStandThereStandsThere() {
        TokenRules rules = rules(1, 0, List.of(), 3, 2);
        assertThat(after(rules, 1, 0)).containsExactly(NEVER, NEVER, NEVER, 0, NEVER, NEVER);
        assertThat(after(rules, 1, 0, 3)).containsExactly(1, 2, 3, 4, 5, NEVER);
        assertThat(after(rules, 1, 0, 3, 1)).containsExactly(1, 2, 3, 4, 5, 6);
    }
}
