package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import cglora.models.chat.ChatTemplate;
import cglora.models.chat.Conversation;
import cglora.models.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is learnt of a conversation: the assistant's turns and nothing else.
class ChatTokensTest {
    private static final Path MODELS = Path.of("src/test/resources/cglora/models/family");
    private static final String TURNS =
            "{% for m in messages %}{{ '<s>' + m.role + ':' + m.content + '</s>' }}{% endfor %}"
                    + "{% if add_generation_prompt %}{{ '<s>assistant:' }}{% endif %}";
    private static final String SAYS =
            """
            [{"role": "user", "content": "is it a good film?"},
             {"role": "assistant", "content": "not very good"},
             {"role": "user", "content": "the book 電"},
             {"role": "assistant", "content": "was long"}]
            """;

    @TempDir Path folder;
    private Tokenizer tokenizer;

    @BeforeEach
    void load() {
        tokenizer = Tokenizer.load(MODELS.resolve("llama"));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private static ChatTemplate template(String source) {
        return new ChatTemplate(source, Map.of("eos_token", "</s>"), "template");
    }

    private Continuation tokens(String template, String conversation, int maxLength) {
        return ChatTokens.of(
                Conversation.of(conversation, "rows:3"),
                template(template),
                tokenizer,
                maxLength,
                "rows:3");
    }

    /// Ids as text, special tokens too: those stand for themselves in these templates.
    private String text(int[] ids) {
        var text = new StringBuilder();
        for (int id : ids) {
            text.append(id == 0 ? "<s>" : id == 2 ? "</s>" : tokenizer.decode(new int[] {id}));
        }
        return text.toString();
    }

    @Test
    void onlyTheAssistantsTurnsAreAskedFor() {
        Continuation found = tokens(TURNS, SAYS, 1000);
        int[] ids = found.tokens().inputIds();
        assertThat(ids)
                .isEqualTo(
                        tokenizer.encodeBare(
                                template(TURNS).render(Conversation.of(SAYS, ""), false)));
        assertThat(found.isAnswerCut()).isFalse();
        int start = ids.length - found.answer().length;
        for (int i = 0; i < found.answer().length; i++) {
            assertThat(found.answer()[i]).isIn(-1, ids[start + i]);
        }
        int[] asked = Arrays.stream(found.answer()).filter(id -> id >= 0).toArray();
        assertThat(text(asked)).isEqualTo("not very good</s>was long</s>");
        // no second token for the beginning of a text
        assertThat(Arrays.stream(ids).filter(id -> id == 0).count()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 60, 45, 30})
    void whatIsTooLongLosesItsEnd(int maxLength) {
        int[] all = tokens(TURNS, SAYS, 1000).tokens().inputIds();
        Continuation found = tokens(TURNS, SAYS, maxLength);
        int[] ids = found.tokens().inputIds();
        assertThat(ids.length).isLessThanOrEqualTo(maxLength);
        assertThat(ids).isEqualTo(Arrays.copyOf(all, ids.length));
        assertThat(found.isAnswerCut()).isEqualTo(maxLength < all.length);
        if (found.answer().length > 0) {
            assertThat(found.answer()[found.answer().length - 1]).isEqualTo(ids[ids.length - 1]);
            assertThat(found.answer()[0]).isNotNegative();
        }
        assertThat(tokens(TURNS, SAYS, 5).answer()).isEmpty();
    }

    @Test
    void aTurnBehindTheLastAnswerIsLeftOut() {
        Continuation found =
                tokens(
                        TURNS,
                        "[{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\","
                                + " \"content\": \"film\"}, {\"role\": \"user\", \"content\": \"old\"}]",
                        100);
        assertThat(text(found.answer())).isEqualTo("film</s>");
        assertThat(text(found.tokens().inputIds())).isEqualTo("<s>user:a</s><s>assistant:film</s>");
        assertThat(found.tokens().fullLength()).isEqualTo(found.tokens().inputIds().length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // what is before depends on what follows
                "{% for m in messages %}{{ loop.last and 'LAST' or '' }}{{ m.content }}{% endfor %} | T-CHAT | otherwise when more follows",
                "{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}think{% endif %} | T-CHAT | otherwise when more follows",
                "{% for m in messages %}{{ loop.length }}{% endfor %} | T-CHAT | end each conversation with the assistant's only turn",
                "{{ raise_exception('no such roles') }} | T-CHAT | no such roles"
            })
    void aTemplateThatKeepsNoPrefixesIsRefused(String template, String code, String essence) {
        assertThatThrownBy(() -> tokens(template, SAYS, 100))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining(code)
                .hasMessageContaining(essence);
    }

    @Test
    void aConversationWithoutTheAssistantTeachesNothing() {
        assertThatThrownBy(() -> tokens(TURNS, "[{\"role\": \"user\", \"content\": \"a\"}]", 100))
                .hasMessageContaining("D-CHAT")
                .hasMessageContaining("rows:3");
    }

    private static final DataColumns CHATS =
            new DataColumns(null, null, null, null, true, null, true);

    @Test
    void rowsOfJsonAreConversations() throws IOException {
        Path file = folder.resolve("a.jsonl");
        Files.writeString(file, "{\"id\": 1, \"messages\": " + SAYS.replace("\n", " ") + "}\n");
        List<RawExample> rows = DataReader.read(file, DataFormat.AUTO, CHATS, true);
        assertThat(rows).hasSize(1);
        assertThat(rows.getFirst().conversation())
                .isEqualTo(Conversation.of(SAYS, ""))
                .isEqualTo(Conversation.of(rows.getFirst().text(), ""));
        // another column of that name, and a name of one's own
        Files.writeString(file, "{\"text\": \"a\", \"target\": \"b\", \"messages\": \"c\"}\n");
        var named = new DataColumns("text", null, null, null, true, null, true);
        assertThat(DataReader.read(file, DataFormat.AUTO, named, true).getFirst().label())
                .isEqualTo("b");
        Files.writeString(file, "{\"talk\": " + SAYS.replace("\n", " ") + "}\n");
        var own = new DataColumns(null, null, null, null, true, "talk", true);
        assertThat(DataReader.read(file, DataFormat.AUTO, own, true).getFirst().conversation())
                .isNotNull();
        var missing = new DataColumns(null, null, null, null, true, "tlak", true);
        assertThatThrownBy(() -> DataReader.read(file, DataFormat.AUTO, missing, true))
                .hasMessageContaining("did you mean 'talk'");
    }

    @Test
    void rowsThatAreNoneAreNamed() throws IOException {
        Path file = folder.resolve("a.jsonl");
        Files.writeString(
                file,
                "{\"messages\": [{\"role\": \"user\"}]}\n{\"messages\": []}\n{\"messages\": null}\n"
                        + "{\"messages\": [{\"content\": \"a\"}]}\n");
        assertThatThrownBy(() -> DataReader.read(file, DataFormat.AUTO, CHATS, true))
                .hasMessageContaining("column 'messages' has no message in 3 rows: 2, 3, 4");
    }

    @Test
    void rowsOfParquetAreConversations() {
        Path file = Path.of("src/test/resources/parquet/chat.parquet");
        List<RawExample> rows = DataReader.read(file, DataFormat.AUTO, CHATS, true);
        assertThat(rows).hasSize(2);
        assertThat(rows.getFirst().conversation().messages())
                .isEqualTo(
                        List.of(
                                Map.of("role", "user", "content", "naïve?"),
                                Map.of("role", "assistant", "content", "yes 😀")));
        assertThat(rows.get(1).conversation().messages().get(1).get("content"))
                .isEqualTo("a \"b\"");
        assertThat(rows.get(1).conversation().messages().get(2)).containsOnlyKeys("role");
    }
}
