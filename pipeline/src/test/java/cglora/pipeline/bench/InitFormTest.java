package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.device.EngineChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InitFormTest {
    private static final EngineChoice CHOICE = new EngineChoice.Jvm(2, "");

    @TempDir Path folder;

    @ParameterizedTest
    @EnumSource(InitForm.class)
    void everyFormStartsASmallModelAsFloat64Says(InitForm form) {
        assertThat(InitCheck.of(form, CHOICE)).isEmpty();
    }

    @Test
    void theExamplesAreThoseThatWereWrittenAndShareNone() throws IOException {
        InitData made;
        try (var engine = CHOICE.open();
                var session = InitModel.TINY.session(engine)) {
            made = InitData.make(InitModel.TINY, session);
        }
        Path file = folder.resolve("data");
        made.write(file);
        InitData read = InitData.read(InitModel.TINY, file);
        assertThat(read.weight()).isEqualTo(made.weight());
        assertThat(read.bias()).isEqualTo(made.bias());
        assertThat(read.examples().labels()).isEqualTo(made.examples().labels());
        for (int i = 0; i < made.examples().size(); i++) {
            assertThat(read.examples().tokens().get(i).inputIds())
                    .isEqualTo(made.examples().tokens().get(i).inputIds());
        }
        assertThat(
                        List.of(
                                read.calibration().size(),
                                read.stepExamples().size(),
                                read.heldOut().data().size()))
                .containsExactly(64, 32, 32);
        assertThat(read.examples().size()).isEqualTo(128);
    }
}
