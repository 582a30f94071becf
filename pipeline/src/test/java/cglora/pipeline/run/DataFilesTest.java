package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A split of several files.
class DataFilesTest {
    @TempDir Path folder;

    private TinyRuns runs;
    private byte[] expected;

    /// The rows of `train.tsv` in three files, too, of which one has a folder of its own.
    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.loraIn(folder);
        List<String> lines = Files.readAllLines(folder.resolve("train.tsv"));
        Files.createDirectories(folder.resolve("parts/more"));
        part("parts/part-1.tsv", lines, 1, 17);
        part("parts/part-2.tsv", lines, 17, 30);
        part("parts/more/part-3.tsv", lines, 30, lines.size());
        Files.writeString(folder.resolve("parts/notes.md"), "nothing\n");
        runs.run().succeeds();
        expected = adapter();
    }

    private void part(String name, List<String> lines, int from, int to) throws IOException {
        Files.writeString(
                folder.resolve(name),
                lines.getFirst() + "\n" + String.join("\n", lines.subList(from, to)) + "\n");
    }

    private byte[] adapter() throws IOException {
        return Files.readAllBytes(runs.latest().resolve("adapter/adapter_model.safetensors"));
    }

    /// The same with absolute paths: those of the command line start in the current folder.
    private String here(String names) {
        return names.replaceAll("(parts|train\\.tsv|nowhere)", folder + "/$1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[\"parts/part-1.tsv\", \"parts/part-2.tsv\", \"parts/more/part-3.tsv\"] | 16",
                "[\"parts/part-?.tsv\", \"parts/more/*.tsv\"] | 0",
                "[\"parts/part-1.tsv\", \"parts/{part-1,part-2}.tsv\", \"parts/more/part-3.tsv\"] |"
                        + " 0"
            })
    void theirRowsAreThoseOfOneFile(String train, int above) throws IOException {
        TinyRuns.Outcome outcome =
                runs.run(
                        "--set",
                        "data.train=" + here(train),
                        "--set",
                        "data.cache.folder=" + folder.resolve("cache"),
                        "--set",
                        "data.cache.above=" + above);
        outcome.succeeds();
        assertThat(adapter()).isEqualTo(expected);
        String record = Files.readString(runs.latest().resolve("run.json"));
        assertThat(record).contains("part-1.tsv", "part-2.tsv", "part-3.tsv");
    }

    @Test
    void aPatternGoesIntoFoldersWithTwoStars() throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "validate",
                        folder.resolve("p.json").toString(),
                        "--set",
                        here("data.train=parts/**.tsv"));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out() + outcome.err()).contains("train 48");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"parts/*.csv\" | 3 | D-MISSING | no file fits this pattern",
                "\"parts/[\" | 3 | D-MISSING | is no pattern",
                "[\"train.tsv\", \"nowhere.tsv\"] | 3 | D-MISSING | nowhere.tsv",
                "[\"train.tsv\", \"wordnet-glosses\"] | 2 | P-VALUE | built-in source is in a list",
                "[] | 2 | P-VALUE | the list is empty",
                "7 | 2 | P-TYPE | a path in quotes, or a list of paths"
            })
    void whatCannotBeFilesIsRefused(String train, int status, String code, String essence) {
        TinyRuns.Outcome outcome = runs.run("--set", "data.train=" + here(train));
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains(code, essence);
    }

    @Test
    void badRowsAreNamedInTheirFile() throws IOException {
        for (String name : new String[] {"parts/part-1.tsv", "parts/part-2.tsv"}) {
            Path file = folder.resolve(name);
            Files.writeString(file, Files.readString(file) + "ragged\n");
        }
        TinyRuns.Outcome outcome =
                runs.run(
                        "--set",
                        here("data.train=parts/part-*.tsv"),
                        "--set",
                        "data.cache.above=0");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("part-1.tsv:18", "part-2.tsv:15");
        Path file = folder.resolve("parts/more/part-3.tsv");
        Files.writeString(file, Files.readString(file) + "a good film\tperhaps\n");
        TinyRuns.Outcome label =
                runs.run(
                        "--set",
                        here("data.train=[\"train.tsv\", \"parts/more/*.tsv\"]"),
                        "--set",
                        "data.labels=[\"no\", \"yes\"]");
        assertThat(label.status()).isEqualTo(3);
        assertThat(label.err()).contains("D-LABEL", "part-3.tsv:21", "'perhaps'");
    }
}
