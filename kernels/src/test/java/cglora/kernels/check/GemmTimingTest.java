package cglora.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.check.GemmTiming.Form;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.error.CgloraException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GemmTimingTest {
    @ParameterizedTest
    @EnumSource
    void everyFormAgreesWithFloat64AndGivesEverySample(Form form) {
        try (var engine = new JvmEngine(2)) {
            GemmTiming timing = GemmTiming.of(engine, form, 7, 5, 3, 4);
            assertThat(timing.seconds()).hasSize(4);
            assertThat(timing.rates()).isSorted();
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesAWrongProduct(Form form) {
        float[] ones = {1f, 1f, 1f, 1f};
        float[] wrong = {2f, 2f, 2f, Float.NaN};
        assertThatThrownBy(() -> GemmTiming.compare(form, 2, 2, 2, ones, ones, wrong, "engine"))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("A-VERIFY")
                .hasMessageContaining("(1, 1)");
    }
}
