package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Settings that are right in themselves, and do not fit the files, the machine or one another.
class UnfitSettingsTest extends BadInput {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "p.json | \"r\": 2 | \"rank_pattern\": {\"(\": 2} | A-TARGET | regular expression",
                "p.json | \"r\": 2 | \"rank_pattern\": {\"(.*.*.*.*.*.*)*!\": 2} | X-LIMIT | steps",
                "p.json | \"all-linear\" | \"(.*.*.*.*.*.*)*!\" | X-LIMIT | steps"
            })
    void patternsAreRefusedBeforeTheRun(
            String file, String from, String to, String code, String essence) throws IOException {
        change(file.strip(), from, to == null ? "" : to);
        refused(3, code.strip(), essence.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"max_steps\": 3 | \"epochs\": 0.01 | D-STEPS | 0.09 steps",
                "\"path\": \"model\" | \"path\": \"model\", \"task\": \"CAUSAL_LM\" | O-CONFLICT |"
                        + " 'head_warmup' is not there for task CAUSAL_LM",
                "\"max_length\": 12 | \"max_length\": 17 | O-RANGE | 16 positions",
                "\"max_steps\": 3 | \"max_steps\": 3, \"load_best\": \"pearson\" | P-VALUE | does"
                        + " not fit classification",
                "\"max_steps\": 3 | \"max_steps\": 3, \"load_best\": \"recall\" | P-VALUE |"
                        + " metric 'recall' does not fit classification",
                "{\"stage\": \"export\"} | {\"stage\": \"adapter\", \"id\": \"more\"}, {\"stage\":"
                        + " \"export\"} | P-STAGE | second stage of its kind",
                "{\"stage\": \"adapter\" | {\"stage\": \"export\", \"id\": \"early\"}, {\"stage\":"
                        + " \"adapter\" | P-STAGE | adapter",
                "\"r\": 2 | \"r\": 13 | A-RANK | at most 12",
                "\"all-linear\" | [\"query\", \"classifier\"] | A-SAVED | both targeted and saved",
                "\"max_length\": 12 | \"max_length\": 2 | O-RANGE | 3",
                "\"max_steps\": 3 | \"max_steps\": 3, \"learning_rate\": 1e-300 | O-RANGE | too"
                        + " small for float32",
                "\"max_steps\": 3 | \"max_steps\": 3, \"head_learning_rate\": 1e-300 | O-RANGE |"
                        + " head_learning_rate",
                "\"max_steps\": 3 | \"max_steps\": 3, \"learning_rate\": 1e999 | O-RANGE | beyond"
                        + " the largest number",
                "batch_size\": 4 | batch_size\": 2000000000 | O-RANGE | at most",
                "batch_size\": 4 | batch_size\": 2147483647 | O-RANGE | an array holds 2147483583",
                "\"train\": \"train.tsv\" | \"train\": \"train.tsv\", \"train_examples\": 3 |"
                        + " D-STEPS | too few for a head",
                "\"max_steps\": 3 | \"epochs\": 1e300 | O-RANGE | a run has at most 2147483647",
                "\"max_steps\": 3 | \"epochs\": 500000000 | O-RANGE | epochs",
                "\"r\": 2 | \"modules_to_save\": [\"pooler\"] | A-SAVED | the head only",
                "\"all-linear\" | \"(query\" | P-VALUE | regular expression"
            })
    void settingsThatDoNotFitTheFilesAreRefused(String from, String to, String code, String essence)
            throws IOException {
        change("p.json", from, to);
        refused(2, code.strip(), essence.strip());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"stage\": \"model\", \"path\": \"model\"}",
                "{\"stage\": \"model\", \"path\": \"model\", \"when\": false}"
            })
    void aPipelineThatComputesNothingIsRefused(String stages) throws IOException {
        Files.writeString(
                folder.resolve("p.json"),
                "{\"cglora\": 1, \"output_dir\": \"runs\", \"stages\": [" + stages + "]}");
        refused(2, "P-STAGE", "no stage 'data'");
    }

    /// All activations are more than an array holds; they fit an array, but not the heap.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"4000000 | activations of more than", "500000 | Java's heap may grow to"})
    void aBatchThatNoHeapHoldsIsRefusedBeforeTheRun(int size, String essence) throws IOException {
        change("p.json", "batch_size\": 4", "batch_size\": " + size);
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.err()).contains("error K-MEMORY", essence);
        assertThat(folder.resolve("runs")).doesNotExist();
    }
}
