package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What tagging takes of sentences and settings, what it refuses, and what it says.
class TaggingInputTest {
    @TempDir Path folder;

    @Test
    void rowsAreAnsweredWithTheirWords() throws IOException {
        TinyRuns.done("run", TaggedSentences.write(folder, "tiny"), "--set", "data.max_length=8");
        Path run = folder.resolve("runs/latest");
        String longest = "\"a\", \"old\", ".repeat(4) + "\"film\"";
        Path rows =
                Files.writeString(
                        folder.resolve("rows.jsonl"),
                        "{\"tokens\": [%s]}\n{\"tokens\": [\"book\"]}\n".formatted(longest));
        List<JsonNode> answers = answers(TinyRuns.done("predict", run, "--data", rows));
        assertThat(answers).hasSize(2);
        assertThat(answers.get(0).path("tokens").size()).isEqualTo(9);
        assertThat(answers.get(0).path("tags").size()).isEqualTo(9);
        assertThat(answers.get(0).path("tags").get(5).isString()).isTrue();
        assertThat(answers.get(0).path("tags").get(6).isNull()).isTrue();
        assertThat(answers.get(0).path("scores").get(8).isNull()).isTrue();
        assertThat(answers.get(1).path("tags").size()).isOne();
        Path conll =
                Files.writeString(folder.resolve("rows.conll"), "old\tO\nbook\tO\n\nfilm\tO\n");
        assertThat(answers(TinyRuns.done("predict", run, "--data", conll)))
                .extracting(a -> a.path("tokens").toString())
                .containsExactly("[\"old\",\"book\"]", "[\"film\"]");
        Path bare = Files.writeString(folder.resolve("bare.conll"), "old\nbook\n\nfilm\n");
        assertThat(answers(TinyRuns.done("predict", run, "--data", bare))).hasSize(2);
    }

    private static List<JsonNode> answers(TinyRuns.Outcome outcome) {
        return outcome.out().lines().map(JsonMapper.shared()::readTree).toList();
    }

    @Test
    void aRunThatCrashedGoesOnWithTheSameBits() throws IOException {
        TaggedSentences.write(folder, "tiny");
        Files.writeString(
                folder.resolve("p.json"),
                TaggedSentences.PIPELINE.replace(
                        "\"max_steps\": 3,",
                        "\"max_steps\": 6, \"save_steps\": 2, \"eval_steps\": 3, \"class_weights\": \"auto\","
                                + " \"load_best\": \"f1\","));
        ResumableRun run = ResumableRun.of(folder);
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        Path crashed = run.crashBehind("checkpoint-4");
        ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(ResumableRun.exported(crashed)).isEqualTo(ResumableRun.exported(whole));
        assertThat(ResumableRun.metrics(crashed)).isEqualTo(ResumableRun.metrics(whole));
        assertThat(ResumableRun.metrics(whole)).containsKey("entities");
        String page = Files.readString(whole.resolve("report.html"));
        assertThat(page).contains("<h2>Entities</h2>", "<td>NEW</td>", "F1 before");
    }

    /// Curvature of tags that the model draws itself, and sums in other forms.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"fisher\": \"mc\"",
                "\"form\": \"sketched\"",
                "\"form\": \"implicit\", \"tokens\": 20",
                "\"sharing\": \"reduce\""
            })
    void calibrationTakesTokens(String setting) throws IOException {
        TaggedSentences.write(folder, "tiny");
        Path pipeline =
                Files.writeString(
                        folder.resolve("p.json"),
                        TaggedSentences.PIPELINE.replace(
                                "\"step_samples\": 6", "\"step_samples\": 6, " + setting));
        assertThat(TinyRuns.done("plan", pipeline, "--no-probe").out()).contains("calibrate");
        assertThat(TinyRuns.done("run", pipeline).err()).contains("held-out loss");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.pooling=mean              | 2 | 'pooling' is for classes and numbers",
                "model.problem_type=regression   | 2 | 'problem_type' is for classes and numbers",
                "evaluate.metrics=[\"accuracy\"] | 2 | does not fit TOKEN_CLS",
                "calibrate.fisher=exact          | 2 | is not there for task TOKEN_CLS",
                "data.columns.text=tokens        | 2 | are for texts, the task is TOKEN_CLS",
                "data.source_template={text}     | 2 | is of texts, task TOKEN_CLS takes words",
                "data.train=wordnet-glosses      | 2 | is of texts, task TOKEN_CLS takes words",
                "data.columns.tags=tag           | 3 | did you mean 'ner_tags'",
                "data.labels=[\"O\",\"B-OLD\"]   | 3 | tag 'I-OLD'; tags are O, B-OLD",
                "adapter.modules_to_save=[\"pooler\"] | 2 | A-SAVED",
                "data.overflow=error             | 0 | ''"
            })
    void whatCannotBeIsRefusedByName(String setting, int status, String essence)
            throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "validate",
                        TaggedSentences.write(folder, "tiny").toString(),
                        "--set",
                        setting);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains(essence);
    }

    @Test
    void whatIsLostOfSentencesIsTold() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        assertThat(TinyRuns.done("validate", pipeline, "--set", "data.max_length=5").err())
                .contains("D-TRUNC", "exceed 5 tokens");
        Files.writeString(
                folder.resolve("train.jsonl"),
                TaggedSentences.jsonl()
                        + "{\"tokens\": [\"a\", \"\"], \"ner_tags\": [\"O\", \"O\"]}\n");
        assertThat(TinyRuns.done("validate", pipeline).err())
                .contains("D-TEXT", "no token for 1 words");
        Files.writeString(
                folder.resolve("train.jsonl"),
                TaggedSentences.jsonl() + "{\"tokens\": [\"a\"], \"ner_tags\": [\"B-ODD\"]}\n");
        TinyRuns.Outcome dropped =
                TinyRuns.done(
                        "validate",
                        pipeline,
                        "--set",
                        "data.labels=[\"O\",\"B-OLD\",\"I-OLD\",\"B-NEW\",\"I-NEW\"]",
                        "--set",
                        "data.on_bad_row=drop");
        assertThat(dropped.err()).contains("train.jsonl:37", "the first has 'B-ODD'");
    }

    /// Numbers that nothing names are classes of words, but no entities.
    @Test
    void tagsThatMarkNoEntitiesHaveNoneCounted() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        Files.writeString(
                folder.resolve("train.jsonl"),
                TaggedSentences.jsonl().replaceAll("\"[BI]-[A-Z]+\"", "1").replace("\"O\"", "0"));
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "validate", pipeline.toString(), "--set", "evaluate.metrics=[\"f1\"]");
        assertThat(outcome.err()).contains("metric 'f1' is of entities", "here they are 0, 1");
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline);
        assertThat(run.out()).contains("token_accuracy").doesNotContain("precision");
        assertThat(TaggedSentences.json(folder.resolve("runs/latest/metrics.json")).has("entities"))
                .isFalse();
    }

    /// The committed example, on a tiny model and for a few steps.
}
