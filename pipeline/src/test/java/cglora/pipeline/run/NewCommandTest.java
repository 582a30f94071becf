package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `new`: what it writes is what the files hold, validates and runs.
class NewCommandTest {
    @TempDir Path folder;

    @BeforeEach
    void write() throws IOException {
        TinyRuns.in(folder);
    }

    private Path write(String name, String... rows) throws IOException {
        return Files.writeString(folder.resolve(name), String.join("\n", rows) + "\n");
    }

    /// Writes the pipeline to a file, which is checked, and reads its data stage.
    private DataSpec data(Path data) {
        Path file = folder.resolve("made.json");
        TinyRuns.execute(
                        "new",
                        folder.resolve("model").toString(),
                        data.toString(),
                        "-o",
                        file.toString(),
                        "--force")
                .succeeds();
        TinyRuns.execute("validate", file.toString()).succeeds();
        return stage(file, DataSpec.class);
    }

    private static <S> S stage(Path file, Class<S> type) {
        return PipelineReader.read(file, Overrides.none()).spec().stages().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow();
    }

    /// As many rows as a validation split and a calibration need, of two kinds.
    private static String[] rows(String head, String one, String other) {
        var rows = new String[head == null ? 40 : 41];
        int begin = head == null ? 0 : 1;
        if (head != null) {
            rows[0] = head;
        }
        for (int i = begin; i < rows.length; i++) {
            rows[i] = (i % 2 == 0 ? one : other).replace("#", String.valueOf(i));
        }
        return rows;
    }

    @Test
    void whatItWritesRuns() throws IOException {
        Path file = folder.resolve("made/p.json");
        Files.createDirectories(file.getParent());
        TinyRuns.Outcome made =
                TinyRuns.execute(
                        "new",
                        folder.resolve("model").toString(),
                        folder.resolve("train.tsv").toString(),
                        "-o",
                        file.toString());
        assertThat(made.succeeds().out()).contains("p.json").contains("2 classes");
        String text = Files.readString(file);
        assertThat(text).contains("\"$schema\": \"./cglora.schema.json\"");
        assertThat(file.resolveSibling("cglora.schema.json"))
                .hasContent(TinyRuns.execute("schema").succeeds().out());
        assertThat(text)
                .contains("// ", "\"path\": \"../model\"", "\"labels\": [\"no\", \"yes\"]")
                .contains("\"max_length\": 8", "\"data\": \"validation\"");
        TinyRuns.execute(
                        "run",
                        file.toString(),
                        "--engine",
                        "jvm",
                        "--set",
                        "train.max_steps=2",
                        "--set",
                        "adapter.r=2")
                .succeeds();
        TinyRuns.Outcome again =
                TinyRuns.execute(
                        "new",
                        folder.resolve("model").toString(),
                        folder.resolve("train.tsv").toString(),
                        "-o",
                        file.toString());
        assertThat(again.status()).isEqualTo(5);
        assertThat(again.err()).contains("error K-EXISTS", "--force");
        assertThat(Files.readString(file)).isEqualTo(text);
    }

    @Test
    void standardOutputHasTheSameFile() {
        String model = folder.resolve("model").toString();
        String data = folder.resolve("train.tsv").toString();
        TinyRuns.Outcome shown = TinyRuns.execute("new", model, data);
        assertThat(shown.succeeds().out()).startsWith("{").contains("\"stage\": \"export\"");
    }

    @Test
    void findsColumnsByWhatTheyHold() throws IOException {
        DataSpec pairs =
                data(
                        write(
                                "pairs.tsv",
                                rows(
                                        "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String",
                                        "1\t7#\t8#\ta good film #\tthe good film #",
                                        "0\t7#\t8#\ta bad book #\tthe old book #")));
        assertThat(pairs.columns().text()).isEqualTo("#1 String");
        assertThat(pairs.columns().textPair()).isEqualTo("#2 String");
        assertThat(pairs.columns().label()).isEqualTo("Quality");
        assertThat(pairs.format().header()).isTrue();
        assertThat(pairs.labels()).isNull();
    }

    @Test
    void findsThatThereIsNoHeader() throws IOException {
        DataSpec bare =
                data(
                        write(
                                "bare.csv",
                                rows(null, "yes,a good film #", "no,\"a bad, old book #\"")));
        assertThat(bare.format().header()).isFalse();
        assertThat(bare.columns().text()).isEqualTo("1");
        assertThat(bare.columns().label()).isEqualTo("0");
        assertThat(bare.labels()).containsExactly("no", "yes");
    }

    @Test
    void readsJsonLines() throws IOException {
        DataSpec lines =
                data(
                        write(
                                "lines.jsonl",
                                rows(
                                        null,
                                        "{\"id\": #, \"review\": \"a good film #\", \"stars\": 1}",
                                        "{\"id\": #, \"review\": \"a bad film #\", \"stars\":"
                                                + " 0}")));
        assertThat(lines.columns().text()).isEqualTo("review");
        assertThat(lines.columns().label()).isEqualTo("stars");
        assertThat(lines.columns().textPair()).isNull();
    }

    @Test
    void numbersAreARegression() throws IOException {
        data(
                write(
                        "numbers.tsv",
                        rows(
                                "sentence1\tsentence2\tscore",
                                "a good film #\ta good book\t#.25",
                                "a bad film #\ta bad book\t0.#")));
        assertThat(stage(folder.resolve("made.json"), ModelSpec.class).problemType())
                .isEqualTo(ModelSpec.ProblemType.REGRESSION);
    }

    @Test
    void takesTheFilesBesideIt() throws IOException {
        String[] rows = rows("text\tlabel", "a good film #\tyes", "a bad film #\tno");
        write("dev.tsv", rows);
        write("test.tsv", rows("text\tlabel", "a good film #\t-1", "a bad film #\t-1"));
        DataSpec data = data(folder.resolve("train.tsv"));
        assertThat(data.validation()).hasToString(folder.resolve("dev.tsv").toString());
        assertThat(data.validationSplit()).isNull();
        assertThat(data.test()).isNull(); // its labels say that it has none
    }

    @Test
    void namesAreWrittenSafely() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("a \"b\" ${c}"));
        Path file = odd.resolve("train.tsv");
        Files.write(file, List.of(rows("text\tlabel", "a film #\t${x}", "a book #\t\\n\"q")));
        DataSpec data = data(file);
        assertThat(data.train()).hasToString(file.toString());
        assertThat(data.labels()).containsExactlyInAnyOrder("${x}", "\\n\"q");
    }

    @Test
    void aHeadThatDoesNotFitIsReplaced() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 3);
        data(folder.resolve("train.tsv"));
        assertThat(stage(folder.resolve("made.json"), ModelSpec.class).head())
                .isEqualTo(ModelSpec.Head.NEW);
    }

    /// Of a large file the first rows are looked at: what follows is not even read.
    @Test
    void ofALargeFileTheFirstRowsCount() throws IOException {
        Path file = folder.resolve("large.jsonl");
        try (var out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < 30_000; i++) {
                out.write(
                        "{\"text\": \"a %s film\", \"label\": \"%s\"}\n"
                                .formatted(i % 2 == 0 ? "good" : "bad", i % 2 == 0 ? "yes" : "no"));
            }
            out.write("this is no JSON\n");
        }
        Path made = folder.resolve("made.json");
        String model = folder.resolve("model").toString();
        TinyRuns.Outcome outcome =
                TinyRuns.execute("new", model, file.toString(), "-o", made.toString());
        assertThat(outcome.succeeds().err()).contains("validate", "all rows");
        assertThat(Files.readString(made)).contains("first 20,000 rows");
        DataSpec data = stage(made, DataSpec.class);
        assertThat(data.columns().label()).isEqualTo("label");
        assertThat(data.labels()).isNull();
        TinyRuns.Outcome checked = TinyRuns.execute("validate", made.toString());
        assertThat(checked.status()).isEqualTo(3);
        assertThat(checked.err()).contains("large.jsonl:30001");
    }

    /// A file whose rows are sorted by their label shows the second one late.
    @Test
    void findsTheLabelOfASortedFile() throws IOException {
        Path file = folder.resolve("sorted.tsv");
        try (var out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < 50_000; i++) {
                out.write(i < 25_000 ? "no\ta bad film %d\n".formatted(i) : "yes\ta film\n");
            }
        }
        TinyRuns.Outcome outcome =
                TinyRuns.execute("new", folder.resolve("model").toString(), file.toString());
        assertThat(outcome.succeeds().out())
                .contains("50000 rows, 2 classes", "\"labels\": [\"no\", \"yes\"]");
    }

    @Test
    void dataWithoutALabelIsRefused() throws IOException {
        Path file = write("none.tsv", rows("id\tbody", "#\ta good film #", "#\ta bad film #"));
        TinyRuns.Outcome outcome =
                TinyRuns.execute("new", folder.resolve("model").toString(), file.toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("D-COLUMN", "looks like a label", "[id, body]");
    }

    /// Words with tags, in lists and in a CoNLL file, with names and with numbers.
    @ParameterizedTest
    @ValueSource(strings = {"lists.jsonl", "lines.conll", "numbers.jsonl"})
    void findsWordsWithTags(String name) throws IOException {
        String text = name.endsWith("conll") ? TaggedSentences.conll() : TaggedSentences.jsonl();
        String[] tags = {"O", "B-OLD", "I-OLD", "B-NEW", "I-NEW"};
        for (int i = 0; i < tags.length && name.startsWith("numbers"); i++) {
            text = text.replace("\"" + tags[i] + "\"", String.valueOf(i));
        }
        DataSpec words = data(Files.writeString(folder.resolve(name), text));
        Path made = folder.resolve("made.json");
        assertThat(stage(made, ModelSpec.class).task()).isEqualTo(ModelSpec.Task.TOKEN_CLS);
        assertThat(words.columns().text()).isNull();
        boolean conll = name.endsWith("conll");
        assertThat(words.columns().tags()).isEqualTo(conll ? null : "ner_tags");
        assertThat(words.columns().tokens()).isEqualTo(conll ? null : "tokens");
        boolean named = !name.startsWith("numbers");
        assertThat(words.labels())
                .isEqualTo(named ? List.of("B-NEW", "B-OLD", "I-NEW", "I-OLD", "O") : null);
        assertThat(Files.readString(made))
                .contains("5 tags", named ? "\"f1\"" : "\"token_accuracy\"")
                .contains(named ? "\"labels\"" : "// Tags are numbers");
        TinyRuns.execute(
                        "run",
                        made.toString(),
                        "--engine",
                        "jvm",
                        "--set",
                        "train.max_steps=2",
                        "--set",
                        "adapter.r=2")
                .succeeds();
    }
}
