package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Rows, columns and labels that cannot be used.
class BadDataTest extends BadInput {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "train.tsv | text\tlabel | text\tlable | D-COLUMN | \"columns\": {\"label\":"
                        + " \"lable\"}",
                "train.tsv | \tyes | \t | D-LABEL | holds no label",
                "p.json | train.tsv | nowhere.tsv | D-MISSING | nowhere.tsv",
                "p.json | \"max_length\" | \"labels\": [\"yes\", \"nö\"], \"max_length\" | D-LABEL"
                        + " | did you mean 'nö'"
            })
    void dataFilesAreRefusedBeforeTheRun(
            String file, String from, String to, String code, String essence) throws IOException {
        change(file.strip(), from, to == null ? "" : to);
        refused(3, code.strip(), essence.strip());
    }

    @Test
    void pairsNeedRoomForTheirSpecialTokens() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.writeString(
                data,
                Files.readString(data)
                        .replace("text\tlabel", "text\ttext_pair\tlabel")
                        .replace("\tyes", "\ta film\tyes")
                        .replace("\tno", "\ta film\tno"));
        change("p.json", "\"max_length\": 12", "\"max_length\": 3");
        refused(2, "O-RANGE", "at least 4");
        change("p.json", "\"max_length\": 3", "\"max_length\": 4");
        assertThat(command("validate").status()).isZero();
    }

    @Test
    void aRegressionNeedsTargetsThatDiffer() throws IOException {
        change(
                "p.json",
                "\"path\": \"model\"",
                "\"path\": \"model\", \"problem_type\": \"regression\"");
        change("train.tsv", "\tyes", "\t1.5");
        change("train.tsv", "\tno", "\t1.5");
        refused(3, "D-LABEL", "the only target is '1.5'");
        change("train.tsv", "film\t1.5", "film\t2.5");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("examples, regression,").doesNotContain("1 classes");
    }

    @Test
    void commasInATsvFileSuggestCsv() throws IOException {
        change("train.tsv", "\t", ",");
        refused(3, "D-COLUMN", "\"type\": \"csv\"");
    }

    @Test
    void f1IsRefusedWhereThereAreThreeClasses() throws IOException {
        change("train.tsv", "a good old film\tyes", "a good old film\tmaybe");
        change("train.tsv", "the good old film\tyes", "the good old film\tmaybe");
        change("p.json", "\"max_steps\": 3", "\"max_steps\": 3, \"load_best\": \"f1\"");
        refused(2, "P-VALUE", "the data has 3", "f1_macro");
        change("p.json", "\"load_best\": \"f1\"", "\"load_best\": \"f1_macro\"");
        assertThat(command("validate").status()).isZero();
    }

    @Test
    void everyErrorOfModelTokenizerAndDataIsToldAtOnce() throws IOException {
        change("model/tokenizer.json", "BertNormalizer", "Foo");
        change("train.tsv", "a good old film\tyes", "a good old film");
        change("p.json", "\"r\": 2", "\"target_modules\": [\"q_proj\"], \"r\": 2");
        change("p.json", "\"target_modules\": \"all-linear\",", "");
        change("p.json", "\"max_length\": 12", "\"max_length\": 99");
        Outcome outcome = command("validate");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("T-FORMAT", "D-ROW", "A-TARGET", "O-RANGE", ":2");
    }

    @Test
    void badRowsAreDroppedAndCountedWhereThatIsAsked() throws IOException {
        Files.writeString(
                folder.resolve("train.tsv"),
                Files.readString(folder.resolve("train.tsv")) + "a film\tmaybe\nrow\n \tyes\n");
        change("p.json", "\"max_length\"", "\"labels\": [\"no\", \"yes\"], \"max_length\"");
        refused(3, "D-ROW", ":51");
        change("p.json", "\"labels\"", "\"on_bad_row\": \"drop\", \"labels\"");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err())
                .contains("dropped 1 row: 51", "dropped 1 row: 52")
                .contains("1 of 49 rows have a label", "'maybe'", "train 36  validation 12");
    }

    /// All rows are too long: cut as always, refused or left out where that is asked for, and what
    /// would hold them is said.
    @Test
    void rowsThatAreAllTooLongAreRefusedWhereTheyAreNotToBeCut() throws IOException {
        change("p.json", "\"max_length\": 12", "\"max_length\": 4");
        Outcome cut = command("validate");
        cut.warns("D-TRUNC", "(100.0%) exceed 4 tokens; 7 would hold all and are cut");
        for (String overflow : new String[] {"error", "drop"}) {
            change(
                    "p.json",
                    "\"max_length\"",
                    "\"overflow\": \"" + overflow + "\", \"max_length\"");
            refused(3, "D-LENGTH", "(100.0%) exceed 4 tokens; 7 would hold all", "max_length");
            change("p.json", "\"overflow\": \"" + overflow + "\", ", "");
        }
    }

    /// JSON can hold half a surrogate pair, which is no character; a line can be very long.
    @Test
    void textsWithoutWholeCharactersAndVeryLongOnesAreRead() throws IOException {
        var rows = new StringBuilder();
        for (String row : Files.readAllLines(folder.resolve("train.tsv")).subList(1, 49)) {
            String[] fields = row.split("\t");
            rows.append(
                    "{\"text\": \"%s \\\\ud83d\", \"label\": \"%s\"}\n"
                            .formatted(fields[0], fields[1]));
        }
        String longest = "the very good old book ".repeat(1_000_000 / 23);
        rows.append("{\"text\": \"" + longest + "\", \"label\": \"yes\"}\n");
        Files.writeString(folder.resolve("rows.jsonl"), rows);
        change("p.json", "train.tsv", "rows.jsonl");
        var before = files();
        command("validate").warns("D-TRUNC", "1 of ", " tokens; 217392 would hold all");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("longest 217392 tokens", "verified");
        assertThat(files()).isEqualTo(before);
    }
}
