package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `validate` tells every mistake at once: of the file, between its stages, and of what it names.
class ValidateAllTest {
    @TempDir Path folder;

    @BeforeEach
    void copy() throws IOException {
        for (String name : List.of("twenty-mistakes.json", "twenty-mistakes.tsv")) {
            try (InputStream file = getClass().getResourceAsStream(name)) {
                Files.copy(file, folder.resolve(name));
            }
        }
    }

    private static List<String> errors(String out) {
        var errors = new ArrayList<String>();
        for (JsonNode error : JsonMapper.shared().readTree(out).path("errors")) {
            errors.add(
                    error.path("code").asString("")
                            + " "
                            + error.path("where").asString("").replaceFirst(".*[/.:](?=.)", "")
                            + " "
                            + error.path("what").asString("")
                            + " "
                            + error.path("fix").asString(""));
        }
        return errors;
    }

    @Test
    void twentyMistakesAreToldAtOnce() {
        String file = folder.resolve("twenty-mistakes.json").toString();
        TinyRuns.Outcome outcome = TinyRuns.execute("validate", "--json", file);
        assertThat(outcome.status()).isEqualTo(2);
        List<String> errors = errors(outcome.out());
        String[][] mistakes = {
            {"P-VERSION", "version is missing"},
            {"P-UNKNOWN", "'sed'"},
            {"P-VARIABLE", "fodler"},
            {"P-VALUE", "\"cuda\""},
            {"P-UNKNOWN", "'poling'"},
            {"T-MISSING", "there is no tokenizer.json"},
            {"D-ROW", "field"},
            {"P-TYPE", "\"64\""},
            {"O-RANGE", "1.5"},
            {"P-VALUE", "\"cut\""},
            {"O-RANGE", "found 0"},
            {"A-TARGET", "q_proj"},
            {"O-RANGE", "below 1"},
            {"P-VALUE", "\"pissa\""},
            {"P-UNKNOWN", "'learing_rate'"},
            {"O-CONFLICT", "warmup_ratio"},
            {"P-VALUE", "recall"},
            {"P-VALUE", "acuracy"},
            {"P-STAGE", "two stages have the id 'evaluate'"},
            {"P-STAGE", "'exprot'"}
        };
        for (String[] mistake : mistakes) {
            assertThat(errors)
                    .as("%s %s", mistake[0], mistake[1])
                    .anyMatch(e -> e.startsWith(mistake[0]) && e.contains(mistake[1]));
        }
        assertThat(errors).hasSize(mistakes.length);
    }

    @Test
    void theConsoleShowsThemAllToo() {
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", folder.resolve("twenty-mistakes.json").toString());
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err().split("(?m)^error ")).hasSize(1 + 20);
        assertThat(outcome.out()).isEmpty();
    }

    /// What a wrong setting decides is not judged by its default.
    @Test
    void nothingFollowsFromAMistake() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                """
                {"cglora": 1, "stages": [
                  {"stage": "model", "path": "model"},
                  {"stage": "data", "train": "train.tsv", "max_length": "12", "validaton_split": 0.5},
                  {"stage": "adapter", "method": "cg_lora", "target_modules": "all-linear"},
                  {"stage": "train", "max_steps": 0},
                  {"stage": "evaluate"}]}
                """);
        TinyRuns.Outcome outcome = TinyRuns.execute("validate", "--json", file.toString());
        // not: 128 is more than the model's 16 positions; no split to evaluate on; no calibration
        assertThat(errors(outcome.out()))
                .hasSize(4)
                .anyMatch(e -> e.contains("max_length") && e.startsWith("P-TYPE"))
                .anyMatch(e -> e.contains("validaton_split"))
                .anyMatch(e -> e.contains("cg_lora"))
                .anyMatch(e -> e.contains("max_steps") && e.startsWith("O-RANGE"));
    }

    /// Columns that may be misspelt are not looked for.
    @Test
    void aMisspeltKeyMayMeanTheOneThatIsNotThere() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        Files.writeString(
                folder.resolve("train.tsv"), "sentence\ttruth\na film\tyes\na book\tno\n");
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                """
                {"cglora": 1, "stages": [
                  {"stage": "model", "path": "model"},
                  {"stage": "data", "train": "train.tsv", "max_length": 12,
                   "colums": {"text": "sentence", "label": "truth"}},
                  {"stage": "train", "max_steps": 1}]}
                """);
        assertThat(errors(TinyRuns.execute("validate", "--json", file.toString()).out()))
                .singleElement()
                .asString()
                .contains("did you mean 'columns'");
    }

    private List<String> validated(String stages) throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, "{\"cglora\": 1, \"stages\": [" + stages + "]}");
        TinyRuns.Outcome outcome = TinyRuns.execute("validate", "--json", file.toString());
        assertThat(outcome.status()).as(outcome.err()).isIn(2, 3);
        return errors(outcome.out());
    }

    /// The head of the files has three labels, the data two: what was meant decides whether that is
    /// a mistake.
    @Test
    void aWrongHeadHidesNothingThatTheFilesSay() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 3);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("train.tsv"), "row\n", StandardOpenOption.APPEND);
        for (String head : List.of("nwe", "mine")) {
            assertThat(
                            validated(
                                    """
                                    {"stage": "model", "path": "model", "head": "%s",
                                     "tokenizer": "nowhere/tokenizer.json"},
                                    {"stage": "data", "train": "train.tsv", "max_length": 99},
                                    {"stage": "adapter", "method": "lora", "target_modules": ["q_proj"]},
                                    {"stage": "train", "max_steps": 1}
                                    """
                                            .formatted(head)))
                    .hasSize(5)
                    .anyMatch(e -> e.startsWith("P-VALUE") && e.contains("head"))
                    .anyMatch(e -> e.startsWith("T-MISSING"))
                    .anyMatch(e -> e.startsWith("D-ROW"))
                    .anyMatch(e -> e.startsWith("O-RANGE") && e.contains("max_length"))
                    .anyMatch(e -> e.startsWith("A-TARGET"));
        }
    }

    /// A format is read as the one that is nearest, or as the one that the file's name tells, with
    /// what else is said of it.
    @Test
    void aWrongFormatHidesNothingThatTheRowsSay() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        Files.writeString(folder.resolve("rows.txt"), "a film,yes\na book,no\na book\n");
        Files.writeString(folder.resolve("rows.tsv"), "a film\tyes\na book\tno\na book\n");
        for (String wrong : List.of("cvs\", \"train\": \"rows.txt", "a\", \"train\": \"rows.tsv")) {
            String[] parts = wrong.split("\", \"train\": \"");
            assertThat(
                            validated(
                                    """
                                    {"stage": "model", "path": "model"},
                                    {"stage": "data", "train": "%s", "max_length": 12,
                                     "columns": {"text": "0", "label": "1"},
                                     "format": {"header": false, "type": "%s"}},
                                    {"stage": "train", "max_steps": 1}
                                    """
                                            .formatted(parts[1], parts[0])))
                    .hasSize(2)
                    .anyMatch(e -> e.startsWith("P-VALUE") && e.contains("type"))
                    .anyMatch(e -> e.startsWith("D-ROW"));
        }
    }

    /// Nothing is said of rows that nobody knows how to read.
    @Test
    void aFormatThatNobodyKnowsIsToldAlone() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        Files.writeString(folder.resolve("rows"), "text,label\na film,yes\na book,no\n");
        Files.writeString(folder.resolve("rows.txt"), "text,label\na film,yes\na book,no\n");
        for (String settings :
                List.of(
                        "\"train\": \"rows\", \"format\": {\"type\": \"a\"}",
                        "\"train\": \"rows.txt\", \"format\": {\"type\": \"a\"}",
                        "\"train\": \"rows.txt\", \"format\": {\"delimiter\": \",\"}",
                        "\"train\": \"rows.txt\", \"format\": \"csv\"",
                        "\"train\": \"rows.txt\", \"format\": {\"type\": \"csv\", \"header\": 1}")) {
            assertThat(
                            validated(
                                    """
                                    {"stage": "model", "path": "model"},
                                    {"stage": "data", "max_length": 12, %s},
                                    {"stage": "train", "max_steps": 1}
                                    """
                                            .formatted(settings)))
                    .as(settings)
                    .hasSize(1);
        }
    }

    /// A model stage that cannot be read leaves what needs no model.
    @Test
    void rowsAreReadWithoutAModel() throws IOException {
        Files.writeString(folder.resolve("train.tsv"), "text\tlabel\na film\tyes\na book\n");
        assertThat(
                        validated(
                                """
                                {"stage": "model", "paht": "model"},
                                {"stage": "data", "train": "train.tsv", "max_length": 12},
                                {"stage": "adapter", "method": "lora", "modules_to_save": ["pooler"]},
                                {"stage": "train", "max_steps": 1}
                                """))
                .hasSize(4)
                .anyMatch(e -> e.startsWith("P-UNKNOWN") && e.contains("did you mean 'path'"))
                .anyMatch(e -> e.startsWith("P-VALUE") && e.contains("'path' is missing"))
                .anyMatch(e -> e.startsWith("D-ROW"))
                .anyMatch(e -> e.startsWith("A-SAVED"));
    }
}
