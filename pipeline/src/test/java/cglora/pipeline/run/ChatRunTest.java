package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
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

/// Language models that learn from conversations, through whole pipelines.
class ChatRunTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String TEMPLATE =
            "{% for m in messages %}{{ bos_token if m.role == 'user' else '' }}{{ m.content }}"
                    + "{{ eos_token if m.role == 'assistant' else '|' }}{% endfor %}";
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "CAUSAL_LM"},
              {"stage": "data", "train": "chats.jsonl", "validation_split": 0.25,
               "max_length": 22, "max_target_length": 4},
              {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4,
               "target_modules": "all-linear"},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4,
               "learning_rate": 0.01},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private Path write() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name :
                List.of(
                        "config.json",
                        "model.safetensors",
                        "tokenizer.json",
                        "tokenizer_config.json")) {
            Files.copy(MODELS.resolve("qwen2/causal").resolve(name), model.resolve(name));
        }
        Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
        var rows = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            boolean good = i % 3 != 0;
            rows.append(
                    """
                    {"messages": [{"role": "user", "content": "%s film"}, \
                    {"role": "assistant", "content": "%s"}, {"role": "user", "content": "%d"}, \
                    {"role": "assistant", "content": "ok"}]}
                    """
                            .formatted(good ? "good" : "old", good ? "yes" : "no", i));
        }
        Files.writeString(folder.resolve("chats.jsonl"), rows);
        return Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }

    @Test
    void learnsWhatTheAssistantSays() throws IOException {
        Path pipeline = write();
        TinyRuns.Outcome run = TinyRuns.done("run", pipeline, "--set", "train.max_steps=250");
        assertThat(run.err()).contains("texts to write", "verified: reloaded on the original base");
        assertThat(run.out()).contains("perplexity", "exact_match");
        Path adapter = folder.resolve("runs/latest/adapter");
        assertThat(PeftAdapter.read(adapter).metadata()).containsEntry("cglora.chat", "true");
        // a text is the user's only message; the turn's end token ends the answer
        assertThat(said(TinyRuns.done("predict", adapter, "--json", "--text", "good film")))
                .isEqualTo("yes");
        assertThat(said(TinyRuns.done("predict", adapter, "--json", "--text", "old film")))
                .isEqualTo("no");
        Path asked = folder.resolve("asked.jsonl");
        Files.writeString(
                asked,
                "{\"messages\": [{\"role\": \"user\", \"content\": \"good film\"}, {\"role\":"
                        + " \"assistant\", \"content\": \"yes\"}, {\"role\": \"user\", \"content\":"
                        + " \"7\"}]}\n");
        TinyRuns.Outcome second = TinyRuns.done("predict", adapter, "--data", asked);
        assertThat(said(second)).isEqualTo("ok");
        assertThat(json(second.out()).path("messages").size()).isEqualTo(3);

        Path merged = folder.resolve("merged");
        TinyRuns.done("merge", adapter, "-o", merged);
        assertThat(merged.resolve("chat_template.jinja")).hasContent(TEMPLATE);
        assertThat(said(TinyRuns.done("predict", merged, "--json", "--text", "old film")))
                .isEqualTo("no");
    }

    private static String said(TinyRuns.Outcome outcome) {
        return json(outcome.out()).path("prediction").asString();
    }

    @Test
    void allWeightsLearnFromConversationsToo() throws IOException {
        Path pipeline = write();
        TinyRuns.done(
                "run",
                pipeline,
                "--set",
                "adapter.method=full",
                "--set",
                "adapter.target_modules=null");
        Path config = folder.resolve("runs/latest/model/config.json");
        assertThat(json(Files.readString(config)).path("cglora").path("chat").asBoolean()).isTrue();
    }

    @Test
    void whatDoesNotFitIsLeftOutOrSaid() throws IOException {
        Path pipeline = write();
        assertThat(TinyRuns.done("validate", pipeline, "--set", "data.max_length=14").err())
                .contains("D-TRUNC");
        TinyRuns.Outcome none =
                TinyRuns.execute("validate", pipeline.toString(), "--set", "data.max_length=3");
        assertThat(none.status()).isEqualTo(3);
        assertThat(none.err()).contains("D-LENGTH", "no turn of the assistant begins");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data.source_template=\"{text}\"  | 2 | chat template",
                "data.columns.messages=\"chats\"  | 3 | no column 'chats'",
                "model.task=\"SEQ_CLS\"           | 3 | D-COLUMN"
            })
    void whatCannotBeIsRefused(String setting, int status, String essence) throws IOException {
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", write().toString(), "--set", setting);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
        assertThat(outcome.err()).contains(essence);
    }

    @Test
    void columnsOfConversationsAreForLanguageModels() throws IOException {
        Path pipeline = write();
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "validate",
                        pipeline.toString(),
                        "--set",
                        "model.task=\"SEQ_2_SEQ_LM\"",
                        "--set",
                        "data.columns.messages=\"messages\"");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("columns.messages is for task CAUSAL_LM");
    }

    @Test
    void aTokenizerWithoutATemplateIsRefused() throws IOException {
        Path pipeline = write();
        Files.delete(folder.resolve("model/chat_template.jinja"));
        TinyRuns.Outcome outcome = TinyRuns.execute("validate", pipeline.toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("T-CHAT", "brings no chat template");
    }

    /// Templates are programs that come with a model.
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{% for i in range(1000000000) %}x{% endfor %}; a range of more than",
                "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %};"
                        + " more than",
                "{{ messages | nosuchfilter }}; nosuchfilter",
                "{{ messages.getClass().forName('java.lang.Runtime') }}; getClass",
                "{{ ''.__class__.__mro__ }}; __class__",
                "{% include '/etc/passwd' %}; include"
            })
    void aTemplateThatDoesNotEndOrReachesOutIsRefused(String template, String essence)
            throws IOException {
        Path pipeline = write();
        Files.writeString(folder.resolve("model/chat_template.jinja"), template.strip());
        TinyRuns.Outcome outcome = TinyRuns.execute("run", pipeline.toString());
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err()).contains("error T-CHAT", essence.strip()).doesNotContain("root:");
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[{\"role\": \"user\", \"content\": \"x\"}] | D-CHAT | no message is the assistant's",
                "[] | D-TEXT | has no message",
                "[{\"content\": \"x\"}] | D-TEXT | message 1 has no role",
                "7 | D-TEXT | is no list"
            })
    void aRowThatIsNoConversationIsNamed(String messages, String code, String essence)
            throws IOException {
        Path pipeline = write();
        Path data = folder.resolve("chats.jsonl");
        Files.writeString(data, Files.readString(data) + "{\"messages\": " + messages + "}\n");
        byte[] before = Files.readAllBytes(data);
        for (String verb : List.of("validate", "run")) {
            TinyRuns.Outcome outcome = TinyRuns.execute(verb, pipeline.toString());
            assertThat(outcome.status()).as(outcome.err()).isEqualTo(3);
            assertThat(outcome.err()).contains("error " + code, "chats.jsonl:41", essence);
        }
        assertThat(data).hasBinaryContent(before);
        assertThat(folder.resolve("runs")).doesNotExist();
    }
}
