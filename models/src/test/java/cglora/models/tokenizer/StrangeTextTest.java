package cglora.models.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Texts that no sentence is like have the tokens that Hugging Face's library gives them; the
/// files are written by `scripts/peers/tokenizer_cases.py`. A file whose merges are texts says what
/// one with pairs says.
class StrangeTextTest {
    private static final Path FOLDER = Path.of("src/test/resources/cglora/models/tokenizer");

    private static JsonNode cases() {
        return JsonMapper.shared().readTree(FOLDER.resolve("cases.json").toFile());
    }

    private static int[] ids(JsonNode list) {
        return list.valueStream().mapToInt(JsonNode::asInt).toArray();
    }

    private static int[] ids(Tokenizer tokenizer, String text) {
        return tokenizer.encode(text, null, Integer.MAX_VALUE).inputIds();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpe", "bpe-strings", "unigram", "wordpiece"})
    void everyTextHasTheTokensOfTheReference(String name) {
        JsonNode cases = cases();
        JsonNode expected = cases.path("ids").path(name.replace("-strings", ""));
        try (Tokenizer tokenizer = Tokenizer.load(FOLDER.resolve(name + ".json"))) {
            for (int i = 0; i < cases.path("texts").size(); i++) {
                String text = cases.path("texts").get(i).asString();
                assertThat(ids(tokenizer, text))
                        .as("text %d: %s", i, text)
                        .isEqualTo(ids(expected.path("texts").get(i)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpe", "unigram", "wordpiece"})
    void aTextOfAMillionCharactersIsOneText(String name) {
        JsonNode cases = cases();
        JsonNode expected = cases.path("ids").path(name).path("long");
        try (Tokenizer tokenizer = Tokenizer.load(FOLDER.resolve(name + ".json"))) {
            for (int i = 0; i < expected.size(); i++) {
                JsonNode text = cases.path("long").get(i);
                int[] found =
                        ids(
                                tokenizer,
                                text.path("unit").asString().repeat(text.path("count").asInt()));
                assertThat(found).hasSize(expected.get(i).path("tokens").asInt());
                int[] first = ids(expected.get(i).path("first"));
                int[] last = ids(expected.get(i).path("last"));
                assertThat(found).startsWith(first);
                assertThat(Arrays.copyOfRange(found, found.length - last.length, found.length))
                        .isEqualTo(last);
            }
        }
    }

    /// A half of a surrogate pair is the character that stands for what is none, and leaves the
    /// others of its text alone.
    @ParameterizedTest
    @ValueSource(strings = {"bpe", "unigram", "wordpiece"})
    void halfACharacterSpoilsNoOther(String name) {
        try (Tokenizer tokenizer = Tokenizer.load(FOLDER.resolve(name + ".json"))) {
            assertThat(ids(tokenizer, "good \ud83d film \ud83d\ude00"))
                    .isEqualTo(ids(tokenizer, "good \ufffd film \ud83d\ude00"));
            assertThat(tokenizer.encode("good \ud83d", "\ude00 film", 99).inputIds())
                    .isEqualTo(tokenizer.encode("good \ufffd", "\ufffd film", 99).inputIds());
        }
    }
}
