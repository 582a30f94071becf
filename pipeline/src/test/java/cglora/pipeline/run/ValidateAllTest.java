package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
