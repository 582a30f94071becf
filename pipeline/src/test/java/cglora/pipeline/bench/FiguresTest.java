package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0.012345, 0.0123",
        "4.5678, 4.57",
        "1, 1",
        "999.6, 1000",
        "12345.6, 12300",
        "0.00001234, 0.0000123"
    })
    void figuresHaveThreeDigits(double value, String text) {
        assertThat(Figures.three(value)).isEqualTo(text);
    }
}
