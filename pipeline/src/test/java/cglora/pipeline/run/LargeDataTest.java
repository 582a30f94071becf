package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Data that stay out of memory: tokens in the files of a cache.
class LargeDataTest {
    @TempDir Path folder;

    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.loraIn(folder);
    }

    private TinyRuns.Outcome cached(String... more) {
        var arguments =
                new ArrayList<>(
                        List.of(
                                "--set",
                                "data.cache.above=0",
                                "--set",
                                "data.cache.folder=" + folder.resolve("cache")));
        arguments.addAll(List.of(more));
        return runs.run(arguments.toArray(String[]::new));
    }

    private byte[] adapter() throws IOException {
        return Files.readAllBytes(runs.latest().resolve("adapter/adapter_model.safetensors"));
    }

    private List<Path> cache() throws IOException {
        try (var files = Files.list(folder.resolve("cache"))) {
            return files.toList();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data.validation_split=0.25",
                "data.train_examples=20",
                "data.max_length=5",
                "data.overflow=\"drop\"",
                "model.problem_type=\"regression\""
            })
    void tokensOfTheCacheTrainTheSameAdapterBitForBit(String setting) throws IOException {
        if (setting.contains("regression")) {
            Path data = folder.resolve("train.tsv");
            String numbers =
                    Files.readString(data).replace("\tyes", "\t1.5").replace("\tno", "\t-2");
            Files.writeString(data, numbers);
        }
        String[] more = {"--set", setting};
        TinyRuns.Outcome plain = runs.run(more).succeeds();
        assertThat(plain.err()).doesNotContain("; tokens");
        byte[] expected = adapter();
        assertThat(cached(more).succeeds().err()).contains("; tokens kept in ");
        assertThat(adapter()).isEqualTo(expected);
        TinyRuns.Outcome again = cached(more).succeeds();
        assertThat(again.err()).contains("; tokens taken from ");
        assertThat(again.err().lines().filter(line -> line.startsWith("warning")))
                .containsExactlyElementsOf(
                        plain.err().lines().filter(line -> line.startsWith("warning")).toList());
        assertThat(adapter()).isEqualTo(expected);
        assertThat(cache()).hasSize(1);
    }

    @Test
    void droppedRowsAreTalliedWhenTheCacheIsTakenAgain() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.writeString(data, Files.readString(data) + "ragged\n\tno\n");
        for (String origin : new String[] {"kept in", "taken from"}) {
            TinyRuns.Outcome outcome = cached("--set", "data.on_bad_row=drop").succeeds();
            assertThat(outcome.err())
                    .contains(origin, "D-ROW", "dropped 1 row: 50", "D-TEXT", "dropped 1 row: 51");
        }
    }

    @Test
    void otherTextsTokensOrSettingsAreAnotherFile() throws IOException {
        cached().succeeds();
        cached("--set", "data.max_length=11").succeeds();
        Path data = folder.resolve("train.tsv");
        Files.writeString(data, Files.readString(data).replace("good", "new"));
        assertThat(cached().succeeds().err()).contains("tokens kept in");
        Path tokenizer = folder.resolve("model/tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer) + " ");
        assertThat(cached().succeeds().err()).contains("tokens kept in");
        assertThat(cache()).hasSize(4);
        Files.move(data, folder.resolve("other.tsv"));
        assertThat(cached("--set", "data.train=" + folder.resolve("other.tsv")).succeeds().err())
                .contains("tokens taken from");
    }

    @Test
    void aDamagedFileIsMadeAnew() throws IOException {
        cached().succeeds();
        byte[] expected = adapter();
        Path file = cache().getFirst();
        byte[] whole = Files.readAllBytes(file);
        for (int at : new int[] {9, whole.length - 20}) {
            try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
                bytes.seek(at);
                bytes.write(whole[at] ^ 0x10);
            }
            TinyRuns.Outcome outcome = cached().succeeds();
            assertThat(outcome.err())
                    .as("byte " + at)
                    .contains("D-FORMAT", "cached tokens cannot be used", "tokens kept in");
            assertThat(adapter()).isEqualTo(expected);
            assertThat(Files.readAllBytes(file)).isEqualTo(whole);
        }
        Files.write(file, Arrays.copyOf(whole, 30));
        assertThat(cached().succeeds().err()).contains("is cut after 30 bytes", "tokens kept in");
    }

    @Test
    void aFolderThatCannotBeWrittenIsSaidBeforeAnythingRuns() throws IOException {
        Files.writeString(folder.resolve("cache"), "a file");
        TinyRuns.Outcome outcome = cached();
        assertThat(outcome.status()).isEqualTo(5);
        assertThat(outcome.err()).contains("K-OUTPUT", "tokens cannot be kept here", "\"off\"");
        assertThat(folder.resolve("runs")).doesNotExist();
        TinyRuns.Outcome off =
                runs.run("--set", "data.cache.above=0", "--set", "data.cache.folder=off");
        assertThat(off.succeeds().err()).doesNotContain("; tokens");
    }

    @Test
    void badRowsLeaveNothingInTheCache() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.write(
                data,
                ("text\tlabel\na good film\tyes\nragged\n\tno\n").getBytes(StandardCharsets.UTF_8));
        TinyRuns.Outcome outcome = cached();
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("D-ROW", "1 row: 3", "D-TEXT", "1 row: 4");
        assertThat(cache()).isEmpty();
    }

    /// What the process maps is in its resident size and in nobody's way.
    @Test
    void aPlanTellsTheMappedTokensApart() throws IOException {
        String file = folder.resolve("p.json").toString();
        String cache = "data.cache.folder=" + folder.resolve("cache");
        String[] plan = {
            "plan",
            file,
            "--engine",
            "jvm",
            "--no-probe",
            "--set",
            cache,
            "--set",
            "data.cache.above=0"
        };
        String out = TinyRuns.execute(plan).succeeds().out();
        double mapped = Files.size(cache().getFirst()) / 1048576.0;
        assertThat(out)
                .contains("%.1f MiB of tokens in mapped files".formatted(mapped), "page cache");
        plan[6] = "data.cache.folder=off";
        assertThat(TinyRuns.execute(plan).succeeds().out()).doesNotContain("page cache");
    }
}
