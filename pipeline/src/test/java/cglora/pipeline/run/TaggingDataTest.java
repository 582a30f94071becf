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

/// Words with tags in files of the cache, all of whose tokens may have a tag, and first pipelines
/// for them.
class TaggingDataTest {
    @TempDir Path folder;

    private byte[] adapter() throws IOException {
        return Files.readAllBytes(folder.resolve("runs/latest/adapter/adapter_model.safetensors"));
    }

    /// Words without a tag, words that are cut off, rows that are left out.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jsonl | data.max_length=16",
                "jsonl | data.label_all_tokens=true",
                "conll | data.max_length=5",
                "conll | data.overflow=\"drop\"",
                "conll | data.train_examples=30"
            })
    void tokensOfTheCacheTrainTheSameAdapterBitForBit(String type, String setting)
            throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        Path data = folder.resolve("train." + type);
        String text = type.equals("conll") ? TaggedSentences.conll() : TaggedSentences.jsonl();
        Files.writeString(data, text.replaceFirst("B-OLD", "-100"));
        Object[] plain = {"run", pipeline, "--set", setting, "--set", "data.train=" + data};
        String shown = TinyRuns.done(plain).err();
        assertThat(shown).doesNotContain("; tokens");
        byte[] expected = adapter();
        for (String origin : List.of("; tokens kept in ", "; tokens taken from ")) {
            var cached =
                    TinyRuns.done(
                            "run",
                            pipeline,
                            "--set",
                            setting,
                            "--set",
                            "data.train=" + data,
                            "--set",
                            "data.cache.above=0",
                            "--set",
                            "data.cache.folder=" + folder.resolve("cache"));
            assertThat(cached.err()).contains(origin);
            assertThat(warnings(cached.err())).isEqualTo(warnings(shown));
            assertThat(adapter()).isEqualTo(expected);
        }
    }

    private static List<String> warnings(String shown) {
        return shown.lines().filter(line -> line.startsWith("warning")).toList();
    }

    @Test
    void anUnknownTagOfTheCacheIsToldWithItsLine() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        Path data = Files.writeString(folder.resolve("train.conll"), TaggedSentences.conll());
        for (String place : List.of("off", folder.resolve("cache").toString())) {
            TinyRuns.Outcome outcome =
                    TinyRuns.execute(
                            "validate",
                            pipeline.toString(),
                            "--set",
                            "data.train=" + data,
                            "--set",
                            "data.labels=[\"O\", \"B-OLD\", \"I-OLD\", \"B-NEW\"]",
                            "--set",
                            "data.cache.above=" + (place.equals("off") ? 16 : 0),
                            "--set",
                            "data.cache.folder=" + place);
            assertThat(outcome.status()).isEqualTo(3);
            assertThat(outcome.err()).contains("train.conll:7", "tag 'I-NEW'");
        }
    }

    /// Of 72 sentences' words each begins with its first token; the tiny tokenizer divides some.
    @Test
    void allTokensOfAWordMayHaveItsTag() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "roberta");
        long first = asked(pipeline, "false");
        long all = asked(pipeline, "true");
        assertThat(all).isGreaterThan(first);
    }

    /// Tokens of the training split that have a tag.
    private long asked(Path pipeline, String labelAll) throws IOException {
        TinyRuns.done(
                "run",
                pipeline,
                "--set",
                "data.label_all_tokens=" + labelAll,
                "--set",
                "data.max_length=24");
        Path events = folder.resolve("runs/latest/events.jsonl");
        String data =
                Files.readAllLines(events).stream()
                        .filter(line -> line.contains("\"data\"") && line.contains("\"labels\""))
                        .findFirst()
                        .orElseThrow();
        long sum = 0;
        String counts = data.substring(data.indexOf("\"labels\":[") + 10);
        for (String count : counts.substring(0, counts.indexOf(']')).split(",")) {
            sum += Long.parseLong(count.strip());
        }
        return sum;
    }

    /// 16 numbers of each of at least 12 words, in float32 and float64, and more.
    @Test
    void thePlanCountsTheFitOfTheHead() throws IOException {
        Path pipeline = TaggedSentences.write(folder, "tiny");
        TinyRuns.done("run", pipeline);
        assertThat(Files.readString(folder.resolve("runs/latest/events.jsonl")))
                .containsPattern("\"head's warm-up\": ?[1-9]\\d{3,}");
        TinyRuns.done(
                "run",
                pipeline,
                "--set",
                "adapter.method=lora",
                "--set",
                "adapter.head_warmup=false");
        assertThat(Files.readString(folder.resolve("runs/latest/events.jsonl")))
                .doesNotContain("head's warm-up");
    }
}
