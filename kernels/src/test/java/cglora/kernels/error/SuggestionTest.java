package cglora.kernels.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionTest {
    private static final List<String> KEYS =
            List.of("learning_rate", "lora_alpha", "lora_dropout", "r", "target_modules", "seed");

    @Test
    void findsANameWithASlip() {
        assertThat(Suggestion.nearest("lora_alhpa", KEYS)).isEqualTo("lora_alpha");
        assertThat(Suggestion.nearest("target_module", KEYS)).isEqualTo("target_modules");
        assertThat(Suggestion.nearest("sed", KEYS)).isEqualTo("seed");
    }

    @Test
    void ignoresCase() {
        assertThat(Suggestion.nearest("Learning_Rate", KEYS)).isEqualTo("learning_rate");
    }

    @Test
    void prefersTheNearest() {
        assertThat(Suggestion.nearest("abcd", List.of("abxy", "abcx"))).isEqualTo("abcx");
        assertThat(Suggestion.nearest("abcd", List.of("abcx", "abcd"))).isEqualTo("abcd");
    }

    @Test
    void findsASharedStem() {
        assertThat(Suggestion.nearest("learningSpeed", KEYS)).isEqualTo("learning_rate");
    }

    @Test
    void findsAPartOfAName() {
        assertThat(Suggestion.nearest("dropout", KEYS)).isEqualTo("lora_dropout");
        assertThat(Suggestion.nearest("the_seed_value", KEYS)).isEqualTo("seed");
    }

    @Test
    void findsNothingFarAway() {
        assertThat(Suggestion.nearest("optimizer", KEYS)).isEmpty();
        assertThat(Suggestion.nearest("optimizer", List.of())).isEmpty();
    }
}
