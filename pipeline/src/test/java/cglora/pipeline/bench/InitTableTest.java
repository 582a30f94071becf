package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InitTableTest {
    private static List<Result> of(InitForm form, double... values) {
        String test = InitModel.MINILM.test(form);
        return List.of(
                Result.of(Suite.INIT, test + InitPart.TIME, Unit.SECONDS, values[0]),
                Result.of(Suite.INIT, test + InitPart.PROCESSORS, Unit.SECONDS, values[1]),
                Result.of(Suite.INIT, test + InitPart.MEMORY, Unit.MEBIBYTES, values[2]),
                Result.of(Suite.INIT, test + InitPart.FALL, Unit.NATS, values[3]));
    }

    @Test
    void everyFormIsBesideLoraGa() {
        var results = new ArrayList<Result>();
        results.addAll(of(InitForm.LORA_GA_PUBLISHED, 8, 16, 200, 0));
        results.addAll(of(InitForm.LORA_GA_STREAMED, 5, 10, 50, 0));
        results.addAll(of(InitForm.CG_FACTORED_PLAIN, 40, 60, 500, 0.2));
        results.addAll(of(InitForm.CG_THIN_PLAIN, 4, 12, 60, 0.19));
        String text = InitTable.markdown(results);
        assertThat(text.lines().filter(line -> line.contains("cg-lora thin")))
                .singleElement()
                .asString()
                .contains("4 s", "12 s", "60 MiB", "0.190 nats")
                .contains("0.5×, 0.75×, 0.300×", "0.800×, 1.20×", "0.950×");
        assertThat(text).contains("MiniLM, r 8, 512 examples").doesNotContain("BERT");
    }

    @Test
    void whatWasNotMeasuredHasNoRatio() {
        String text = InitTable.markdown(of(InitForm.CG_THIN_PLAIN, 4, 12, 60, 0.19));
        assertThat(text).contains("–, –, –").doesNotContain("×,");
        assertThat(InitTable.markdown(List.of())).isEmpty();
    }

    @Test
    void unknownFormsAndModelsAreRefused() {
        assertThatThrownBy(() -> new InitSuite.Selection(List.of("gpt"), List.of()))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("minilm, bert_base");
        assertThatThrownBy(() -> new InitSuite.Selection(List.of(), List.of("fast")))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("cg_thin_plain");
        var all = new InitSuite.Selection(List.of(), List.of());
        assertThat(all.chosenModels()).containsExactly(InitModel.MINILM, InitModel.BERT_BASE);
        assertThat(all.chosenForms()).containsExactly(InitForm.values());
    }
}
