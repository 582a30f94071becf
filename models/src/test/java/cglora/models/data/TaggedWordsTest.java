package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Words with tags from files, and what is said of those that are wrong.
class TaggedWordsTest {
    private static final DataColumns WORDS = DataColumns.of(new WordColumns(null, null, true));

    @TempDir Path folder;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text.replace("~", "\n"));
    }

    private static List<RawExample> read(Path file, DataColumns columns) {
        return DataReader.read(file, DataFormat.AUTO, columns, true);
    }

    private static String said(List<RawExample> examples) {
        return String.join(
                " / ",
                examples.stream()
                        .map(
                                e ->
                                        e.line()
                                                + ": "
                                                + String.join(" ", e.words().words())
                                                + " = "
                                                + String.join(" ", e.words().tags()))
                        .toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.jsonl | {\"tokens\": [\"a\", \"b c\"], \"ner_tags\": [0, 3]}~"
                        + " | 1: a b c = 0 3",
                "b.jsonl | ~{\"words\": [\"a\"], \"tags\": [\"O\"]}~{\"words\": [\"b\"],"
                        + " \"tags\": [\"B-X\"]} | 2: a = O / 3: b = B-X",
                "c.conll | a\tO~b\tB-X~~~c\tO~ | 1: a b = O B-X / 5: c = O",
                "d.conll | -DOCSTART- -X- O O~~EU NNP I-NP B-ORG~rejects VBZ I-VP O~"
                        + " | 3: EU rejects = B-ORG O",
                "e.bio   | a   O~b I-X | 1: a b = O I-X"
            })
    void wordsAreReadWithTheirTags(String name, String text, String expected) throws IOException {
        assertThat(said(read(write(name, text), WORDS))).isEqualTo(expected);
    }

    @Test
    void linesMayEndInAnyWay() throws IOException {
        Path file = folder.resolve("a.conll");
        for (String end : List.of("\n", "\r\n", "\r")) {
            Files.writeString(file, "a O~b B-X~~c O".replace("~", end));
            assertThat(said(read(file, WORDS))).isEqualTo("1: a b = O B-X / 4: c = O");
        }
    }

    @Test
    void columnsMayBeNamedAndNumbered() throws IOException {
        var named = DataColumns.of(new WordColumns("tokens", "pos_tags", true));
        Path file =
                write(
                        "a.jsonl",
                        "{\"tokens\": [\"a\"], \"pos_tags\": [\"DT\"], \"ner_tags\": [0]}~");
        assertThat(said(read(file, named))).isEqualTo("1: a = DT");
        assertThat(said(read(file, WORDS))).isEqualTo("1: a = 0");
        var numbered = DataColumns.of(new WordColumns("1", "2", true));
        assertThat(said(read(write("b.conll", "1 a DT O~2 b NN O"), numbered)))
                .isEqualTo("1: a b = DT NN");
    }

    /// Lists of texts and numbers, as Hugging Face's data sets have them.
    @Test
    void listsOfParquetAreRead() throws URISyntaxException {
        Path file = Path.of(TaggedWordsTest.class.getResource("/parquet/words.parquet").toURI());
        assertThat(said(read(file, WORDS)))
                .isEqualTo("1: EU rejects German call = 3 0 7 0 / 2: Peter = 1");
        var named = DataColumns.of(new WordColumns("tokens", "names", true));
        assertThat(said(read(file, named)))
                .isEqualTo("1: EU rejects German call = B-ORG O B-MISC O / 2: Peter = B-PER");
        assertThat(DataReader.read(file, DataFormat.AUTO, DataColumns.asked(null, null), false))
                .extracting(RawExample::text)
                .containsExactly("EU rejects German call", "Peter");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.jsonl | {\"tokens\": [\"a\"], \"tags\": [\"O\"]}~{\"tokens\": [\"a\", \"b\"],"
                        + " \"tags\": [\"O\"]} | D-LABEL | :2: 2 words and 1 tags in 1 row: 2",
                "a.jsonl | {\"tokens\": [], \"tags\": []} | D-TEXT | :1: column 'tokens' holds no words",
                "a.jsonl | {\"tokens\": [\" \"], \"tags\": [\"O\"]} | D-TEXT | only blank words",
                "a.jsonl | {\"tokens\": [\"a\", 3], \"tags\": [\"O\", \"O\"]} | D-TEXT | holds 3, which is no word",
                "a.jsonl | {\"tokens\": \"a b\", \"tags\": [\"O\", \"O\"]} | D-TEXT | holds no list of words",
                "a.jsonl | {\"tokens\": [\"a\"], \"tags\": [0.5]} | D-LABEL | holds 0.5, which is no name",
                "a.jsonl | {\"tokens\": [\"a\"], \"tags\": null} | D-LABEL | holds no list of tags",
                "a.jsonl | {\"tokens\": [\"a\"]} | D-COLUMN | no column of the usual names for the tags",
                "a.jsonl | {\"text\": \"a\", \"tags\": [\"O\"]} | D-COLUMN | for the tokens",
                "a.tsv   | tokens\ttags~a\tO | D-COLUMN | for the tokens",
                "a.conll | a O~b~~c O | D-ROW | :2: 1 columns, expected a word and its tag in 1 row: 2",
                "a.conll | a~b~ | D-COLUMN | for the tags"
            })
    void whatIsWrongIsToldWithItsLine(String name, String text, String code, String essence)
            throws IOException {
        Path file = write(name, text);
        assertThatThrownBy(() -> read(file, WORDS))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining(code)
                .hasMessageContaining(essence);
    }

    @Test
    void aFileOfWordsIsNotReadAsTexts() throws IOException {
        Path file = write("a.conll", "a O~");
        assertThatThrownBy(() -> read(file, DataColumns.AUTO))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("TOKEN_CLS");
        assertThatThrownBy(() -> read(file, DataColumns.of(new WordColumns("word", null, true))))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("have no names");
    }

    @Test
    void badSentencesAreLeftOutWhereThatIsAskedFor() throws IOException {
        var dropped = new Problems();
        List<RawExample> left =
                DataReader.readUsable(
                        write("a.conll", "a O~b~~c O~~d~e O"),
                        DataFormat.AUTO,
                        WORDS,
                        true,
                        dropped);
        assertThat(said(left)).isEqualTo("4: c = O");
        assertThat(dropped.warnings().getFirst().what()).contains("dropped 2 rows: 2, 7");
    }

    @Test
    void anUnknownTagIsToldWithTheLineOfItsWord() throws IOException {
        List<RawExample> examples = read(write("a.conll", "a O~b B-PRE~~c -100~d O"), WORDS);
        TextRows rows = TextRows.of(examples, false);
        assertThat(rows.labels()).containsExactly("O", "B-PRE");
        int[] all = IntStream.range(0, 2).toArray();
        Labels labels = Labels.ofTags(List.of("B-PER", "O"));
        assertThatThrownBy(() -> labels.ofWords(rows, all, "here"))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("here:2")
                .hasMessageContaining("tag 'B-PRE'; tags are B-PER, O")
                .hasMessageContaining("did you mean 'B-PER'?");
        assertThat(labels.known(rows, all)).containsExactly(1);
        assertThat(labels.unknown(rows, 0)).isEqualTo("B-PRE");
        assertThat(labels.ofWords(rows, new int[] {1}, "here").getFirst()).containsExactly(-1, 1);
        Labels found = Labels.find(rows, "here").asTags();
        assertThat(found.names()).containsExactly("B-PRE", "O");
        assertThat(found.classes()).isTrue();
        assertThat(found.ofWords(rows, all, "here").getFirst()).containsExactly(1, 0);
    }

    @Test
    void aTextIsDividedAtWhiteSpace() {
        assertThat(TaggedWords.split("  a \t b,\nc ").words()).containsExactly("a", "b,", "c");
    }

    /// As transformers' example labels a word's further tokens: not, or as inside an entity.
    @Test
    void furtherTokensOfAWordHaveNoTagOrTheOneInside() {
        Labels labels = Labels.ofTags(List.of("O", "B-X", "I-X", "B-Y"));
        assertThat(labels.insideWords()).containsExactly(0, 2, 2, 3);
        int[] ids = new int[9];
        var sentence =
                new WordTokens(new Tokens(ids, ids, 9), new int[] {-1, 0, 0, 1, 1, 2, 3, 3, -1});
        int[] tags = {1, 3, -1, 0};
        assertThat(sentence.known()).containsExactly(0, 1, 2, 3);
        assertThat(sentence.answer(tags, null)).containsExactly(-1, 1, -1, 3, -1, -1, 0, -1, -1);
        assertThat(sentence.answer(tags, labels.insideWords()))
                .containsExactly(-1, 1, 2, 3, 3, -1, 0, 0, -1);
    }

    @Test
    void filesOfWordsAreKnown() throws IOException, URISyntaxException {
        var lists = new WordColumns("tokens", "ner_tags", true);
        assertThat(words(write("a.jsonl", "{\"id\": 1, \"tokens\": [\"a\"], \"ner_tags\": [0]}~")))
                .contains(lists);
        assertThat(words(write("a.conll", "a O~"))).contains(new WordColumns(null, null, true));
        assertThat(
                        words(
                                Path.of(
                                        TaggedWordsTest.class
                                                .getResource("/parquet/words.parquet")
                                                .toURI())))
                .isPresent();
        assertThat(words(write("b.jsonl", "{\"tokens\": \"a b\", \"tags\": \"O\"}~"))).isEmpty();
        assertThat(words(write("c.tsv", "text\tlabel~a\tb~"))).isEmpty();
        assertThat(words(folder.resolve("none.jsonl"))).isEmpty();
    }

    private static Optional<WordColumns> words(Path file) {
        return DataReader.words(file, DataFormat.AUTO);
    }
}
