package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Data of models that write texts, as tokens in files of the cache.
class WritingCacheTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String TEMPLATE =
            "{% for m in messages %}{{ bos_token if m.role == 'user' else '' }}{{ m.content }}"
                    + "{{ eos_token if m.role == 'assistant' else '|' }}{% endfor %}";
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "%s"},
              {"stage": "data", "train": "%s", "validation_split": 0.25, "max_length": 20,
               "max_target_length": 6},
              {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4},
              {"stage": "train", "max_steps": 4, "per_device_batch_size": 4,
               "learning_rate": 0.01},
              {"stage": "evaluate"},
              {"stage": "export", "verify": false}]}
            """;

    @TempDir Path folder;

    private Path write(String task, String data) throws IOException {
        String family = task.equals("CAUSAL_LM") ? "qwen2/causal" : "t5";
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name :
                List.of(
                        "config.json",
                        "model.safetensors",
                        "tokenizer.json",
                        "tokenizer_config.json")) {
            if (Files.exists(MODELS.resolve(family).resolve(name))) {
                Files.copy(MODELS.resolve(family).resolve(name), model.resolve(name));
            }
        }
        Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
        TinyModel.writeData(folder.resolve("train.tsv"));
        var chats = new StringBuilder();
        for (int i = 0; i < 24; i++) {
            // the first turn of some does not begin where texts are cut
            String question = i % 8 == 0 ? "a very old film ".repeat(12) : "old film";
            chats.append(
                    """
                    {"messages": [{"role": "user", "content": "%s"}, \
                    {"role": "assistant", "content": "%s"}, {"role": "user", "content": "%d"}, \
                    {"role": "assistant", "content": "ok"}]}
                    """
                            .formatted(question, i % 3 == 0 ? "yes" : "no", i));
        }
        Files.writeString(folder.resolve("chats.jsonl"), chats);
        return Files.writeString(folder.resolve("p.json"), PIPELINE.formatted(task, data));
    }

    private byte[] adapter() throws IOException {
        return Files.readAllBytes(folder.resolve("runs/latest/adapter/adapter_model.safetensors"));
    }

    private TinyRuns.Outcome run(Path pipeline, String... settings) {
        var arguments = new ArrayList<Object>(List.of("run", pipeline, "--engine", "jvm"));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return TinyRuns.done(arguments.toArray());
    }

    private String[] cached(String... settings) {
        var all = new ArrayList<>(List.of(settings));
        all.add("data.cache.above=0");
        all.add("data.cache.folder=" + folder.resolve("cache"));
        return all.toArray(String[]::new);
    }

    private static List<String> warnings(TinyRuns.Outcome outcome) {
        return outcome.err().lines().filter(line -> line.startsWith("warning")).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SEQ_2_SEQ_LM | train.tsv | data.max_length=20",
                "SEQ_2_SEQ_LM | train.tsv | data.source_template=\"say {text}\"",
                "SEQ_2_SEQ_LM | train.tsv | data.max_target_length=2",
                "SEQ_2_SEQ_LM | train.tsv | data.labels=[\"no\",\"yes\"]",
                "CAUSAL_LM | train.tsv | data.source_template=\"{text}:\"",
                "CAUSAL_LM | train.tsv | data.max_length=6",
                "CAUSAL_LM | train.tsv | data.packing=true",
                "CAUSAL_LM | chats.jsonl | data.max_length=22"
            })
    void tokensOfTheCacheTrainTheSameAdapterBitForBit(String task, String data, String setting)
            throws IOException {
        Path pipeline = write(task, data);
        TinyRuns.Outcome plain = run(pipeline, setting);
        assertThat(plain.err()).doesNotContain("; tokens");
        byte[] expected = adapter();
        for (String origin : List.of("; tokens kept in ", "; tokens taken from ")) {
            TinyRuns.Outcome outcome = run(pipeline, cached(setting));
            assertThat(outcome.err()).contains(origin);
            assertThat(warnings(outcome)).isEqualTo(warnings(plain));
            assertThat(adapter()).isEqualTo(expected);
        }
    }

    /// All that decides what is written makes another file.
    @Test
    void otherAnswersAreAnotherFile() throws IOException {
        Path pipeline = write("CAUSAL_LM", "chats.jsonl");
        run(pipeline, cached());
        run(pipeline, cached("data.max_target_length=5"));
        Path template = folder.resolve("model/chat_template.jinja");
        Files.writeString(template, TEMPLATE.replace("'|'", "'!'"));
        assertThat(run(pipeline, cached()).err()).contains("; tokens kept in ");
        try (var files = Files.list(folder.resolve("cache"))) {
            assertThat(files).hasSize(3);
        }
    }
}
