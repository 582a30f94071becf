package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The committed GLUE pipelines read files laid out as GLUE lays them out.
class GluePipelinesTest {
    private static final int ROWS = 40;

    @TempDir Path folder;

    /// Every fourth row repeats the text of an earlier one, as rows of CoLA do.
    private void write(Path file, String header, String row, List<String> labels)
            throws IOException {
        var text = new StringBuilder(header.isEmpty() ? "" : header.replace(' ', '\t') + "\n");
        for (int i = 0; i < ROWS; i++) {
            int words = i % 4 == 3 ? i - 3 : i;
            String label = labels.get(words % labels.size());
            text.append(
                    row.replace(' ', '\t')
                            .replace("A", "a \"quoted word " + words)
                            .replace("B", "it's 'b' " + words)
                            .replace("L", label)
                            .replace("#", String.valueOf(i)));
            text.append('\n');
        }
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    cola | CoLA/train.tsv | CoLA/dev.tsv | '' | s L * A | 0,1
                    sst2 | SST-2/train.tsv | SST-2/dev.tsv | sentence label | A L | 0,1
                    mrpc | MRPC/msr_paraphrase_train.txt | MRPC/msr_paraphrase_test.txt | Quality #1_ID #2_ID #1_String #2_String | L # # A B | 0,1
                    rte | RTE/train.tsv | RTE/dev.tsv | index sentence1 sentence2 label | # A B L | entailment,not_entailment
                    qnli | QNLI/train.tsv | QNLI/dev.tsv | index question sentence label | # A B L | entailment,not_entailment
                    qqp | QQP/train.tsv | QQP/dev.tsv | id qid1 qid2 question1 question2 is_duplicate | # # # A B L | 0,1
                    mnli | MNLI/train.tsv | MNLI/dev_matched.tsv | index promptID sentence1 sentence2 label1 gold_label | # # A B L L | entailment,neutral,contradiction
                    stsb | STS-B/train.tsv | STS-B/dev.tsv | index genre sentence1 sentence2 score | # g A B L | 0.0,1.25,5.0
                    """)
    void readsGluesFiles(
            String name, String train, String test, String header, String row, String labels)
            throws IOException {
        String columns = header.replace("_ID", "\u00a0ID").replace("_String", "\u00a0String");
        for (String file : List.of(train, test)) {
            write(folder.resolve(file), columns, row, List.of(labels.split(",")));
            String text = Files.readString(folder.resolve(file)).replace('\u00a0', ' ');
            Files.writeString(folder.resolve(file), text);
        }
        Path pipeline =
                Path.of(System.getProperty("cglora.root"))
                        .resolve("pipeline/examples/glue/" + name + ".json");
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        new String[] {
                            "validate",
                            pipeline.toString(),
                            "--var",
                            "data=" + folder,
                            "--set",
                            "adapter.head_warmup.examples=10",
                            "--set",
                            "calibrate.samples=8",
                            "--set",
                            "calibrate.step_samples=8"
                        },
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));

        String said = err.toString(StandardCharsets.UTF_8);
        assertThat(status).as(said).isZero();
        assertThat(said).doesNotContain("D-OVERLAP");
        assertThat(out.toString(StandardCharsets.UTF_8))
                .containsPattern("train 3\\d, validation [3-8], test " + ROWS);
    }
}
