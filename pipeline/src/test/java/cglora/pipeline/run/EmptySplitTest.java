package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Splits without rows: refused before training, not behind it.
class EmptySplitTest {
    private static final String ROWS =
            "text\tlabel\ngood\tyes\nbad\tno\ngood film\tyes\nbad book\tno\n"
                    + "new\tyes\nold\tno\nnew film\tyes\nold book\tno\n";

    @TempDir Path folder;

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        Files.writeString(folder.resolve("rows.tsv"), ROWS);
    }

    private TinyRuns.Outcome validate(String data, String rest) throws IOException {
        Files.writeString(
                folder.resolve("p.json"),
                """
                {"cglora": 1, "stages": [{"stage": "model", "path": "model"},
                 {"stage": "data", "train": "rows.tsv", "max_length": 12, %s},
                 {"stage": "adapter", "method": "lora", "r": 2, "head_warmup": false}, %s]}
                """
                        .formatted(data, rest));
        return TinyRuns.execute("validate", folder.resolve("p.json").toString());
    }

    @Test
    void aShareThatHoldsNoRowIsRefused() throws IOException {
        String stages =
                "{\"stage\": \"train\", \"max_steps\": 1, \"load_best\": null},"
                        + " {\"stage\": \"evaluate\"}, {\"stage\": \"export\"}";
        TinyRuns.Outcome none = validate("\"validation_split\": 0.1", stages);
        assertThat(none.status()).as(none.err()).isEqualTo(3);
        assertThat(none.err())
                .contains("error D-EMPTY: data.validation_split: 0.1 of 8 rows", "a larger share")
                .containsOnlyOnce("D-EMPTY");
        TinyRuns.Outcome some = validate("\"validation_split\": 0.25", stages);
        assertThat(some.status()).as(some.err()).isZero();
        TinyRuns.Outcome best =
                validate("\"validation_split\": 0.1", "{\"stage\": \"train\", \"max_steps\": 1}");
        assertThat(best.status()).as(best.err()).isEqualTo(3);
        assertThat(best.err()).contains("D-EMPTY", "data.validation_split");
    }
}
