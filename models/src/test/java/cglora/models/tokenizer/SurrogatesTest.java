package cglora.models.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SurrogatesTest {
    @ParameterizedTest
    @CsvSource({
        "D83D, FFFD",
        "DE00, FFFD",
        "D83D DE00, D83D DE00",
        "DE00 D83D, FFFD FFFD",
        "D83D D83D DE00, FFFD D83D DE00",
        "D83D DE00 DE00, D83D DE00 FFFD",
        "0061 D83D 0062, 0061 FFFD 0062",
        "0065 0301, 0065 0301",
        "0000, 0000",
        "FFFF, FFFF"
    })
    void halvesThatStandAloneAreReplaced(String units, String expected) {
        assertThat(Surrogates.paired(text(units))).isEqualTo(text(expected));
    }

    private static String text(String units) {
        var text = new StringBuilder();
        for (String unit : units.split(" ")) {
            text.append((char) Integer.parseInt(unit, 16));
        }
        return text.toString();
    }

    @Test
    void whatIsWholeIsTheSameText() {
        String text = "na\u00efve \ud83d\ude00";
        assertThat(Surrogates.paired(text)).isSameAs(text);
    }
}
