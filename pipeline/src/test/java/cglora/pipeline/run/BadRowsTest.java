package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Data files of another encoding or format, and rows that say nothing or too much.
class BadRowsTest extends BadInput {
    private Path data() {
        return folder.resolve("train.tsv");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a good old film\tyes | `\tyes` | D-TEXT | holds no text in 1 row",
                "a good old film\tyes | ` \tyes` | D-TEXT | holds no text in 1 row",
                "a good old film\tyes | a good old film | D-ROW | expected 2 fields",
                "a good old film\tyes | a film\tyes\tno | D-ROW | expected 2 fields"
            })
    void aRowIsNamedByItsLine(String row, String other, String code, String essence)
            throws IOException {
        change("train.tsv", row, other);
        refused(3, code, "train.tsv", essence);
    }

    @Test
    void latin1IsNamedByItsByte() throws IOException {
        Files.write(
                data(),
                "text\tlabel\na film\tyes\na caf\u00e9\tno\n"
                        .getBytes(StandardCharsets.ISO_8859_1));
        refused(3, "D-ENCODING", "train.tsv:3", "e9", "encoding");
    }

    @ParameterizedTest
    @CsvSource({"1.5, 2.5", "0.1, 1"})
    void numbersThatAreNoClassesAreRefused(String yes, String no) throws IOException {
        change("train.tsv", "\tyes", "\t" + yes);
        change("train.tsv", "\tno", "\t" + no);
        refused(3, "D-LABEL", "train.tsv", "problem_type");
    }

    @Test
    void oneClassIsNone() throws IOException {
        change("train.tsv", "\tno", "\tyes");
        refused(3, "D-LABEL", "yes");
    }

    @Test
    void aLabelThatIsNoneOfThoseGivenIsNamedWithItsRows() throws IOException {
        change("p.json", "\"max_length\"", "\"labels\": [\"no\", \"yes\"], \"max_length\"");
        change("train.tsv", "a good old film\tyes", "a good old film\tyse");
        refused(3, "D-LABEL", "'yse'", "did you mean 'yes'");
    }

    @Test
    void validationRowsOfTheTrainingDataAreCounted() throws IOException {
        change("p.json", "\"validation_split\": 0.25", "\"validation\": \"train.tsv\"");
        Map<Path, String> before = files();
        command("validate").warns("D-OVERLAP", "48 validation rows also occur");
        assertThat(files()).isEqualTo(before);
    }

    @Test
    void whatExpandsWithoutEndIsStopped() throws IOException {
        try (var out = new GZIPOutputStream(Files.newOutputStream(data()))) {
            byte[] blank = "\n".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < 64; i++) {
                out.write(blank);
            }
        }
        refused(3, "X-LIMIT", "train.tsv", "1000 times");
    }

    /// The content says what a file is, and its name what it should be.
    @ParameterizedTest
    @ValueSource(strings = {"{\"text\": \"a film\", \"label\": \"yes\"}\n", "[1, 2]\n"})
    void jsonUnderTheNameOfATableIsSaid(String text) throws IOException {
        Files.writeString(folder.resolve("rows.csv"), text.repeat(8));
        change("p.json", "train.tsv", "rows.csv");
        refused(3, "D-", "rows.csv");
    }

    @Test
    void aByteThatIsNoTextIsSaid() throws IOException {
        change("train.tsv", "a good old film", "a go\0od old film");
        Outcome outcome = command("validate");
        assertThat(outcome.status()).as(outcome.err()).isIn(0, 3);
        if (outcome.status() == 3) {
            assertThat(outcome.err()).contains("train.tsv:2");
        }
    }
}
