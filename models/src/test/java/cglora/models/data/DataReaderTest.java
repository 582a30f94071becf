package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataReaderTest {
    @TempDir Path folder;

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        return file;
    }

    private static List<RawExample> read(Path file) {
        return DataReader.read(file, DataFormat.AUTO, DataColumns.AUTO, true);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a.csv   | text,label~\"one, two\",x~\"say \"\"hi\"\"\",y",
                "a.csv   | text,label^~\"one, two\",x^~\"say \"\"hi\"\"\",y^~",
                "a.tsv   | text#label~one, two#x~say \"hi\"#y",
                "a.jsonl | {\"text\": \"one, two\", \"label\": \"x\"}~{\"text\": \"say"
                        + " \\\"hi\\\"\", \"label\": \"y\"}"
            })
    void readsEachFormatWithAndWithoutGzipAndBom(String name, String content) throws IOException {
        String text = content.replace("~", "\n").replace("#", "\t").replace("^", "\r");
        for (String head : new String[] {"", "\uFEFF"}) {
            Path plain = write(name, head + text);
            var bytes = new ByteArrayOutputStream();
            try (var gzip = new GZIPOutputStream(bytes)) {
                gzip.write((head + text).getBytes(StandardCharsets.UTF_8));
            }
            Path packed = folder.resolve("packed-" + name); // gzip is seen by content
            Files.write(packed, bytes.toByteArray());
            for (Path file : List.of(plain, packed)) {
                List<RawExample> examples = read(file);
                assertThat(examples)
                        .extracting(RawExample::text)
                        .containsExactly("one, two", "say \"hi\"");
                assertThat(examples).extracting(RawExample::label).containsExactly("x", "y");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a.csv   | text,label~                   | D-EMPTY    | 0 rows",
                "a.csv   | text,label~a,x~b~c,y          | D-ROW      | :3",
                "a.csv   | text,label~\"a,x~b,y          | D-ROW      | never closed",
                "a.csv   | {\"text\": 1}                 | D-FORMAT   | looks like JSON",
                "a.csv   | texte,label~a,x               | D-COLUMN   | texte, label",
                "a.csv   | text,label~ ,x~b,y            | D-TEXT     | :2",
                "a.csv   | text,label~a,~b,y             | D-LABEL    | :2",
                "a.jsonl | {\"text\": \"a\"~{}           | D-JSON     | 1",
                "a.jsonl | [1]                           | D-JSON     | is not an object",
                "a.jsonl | {~[1]                         | D-JSON     | is not an object in 1 row:"
                        + " 2",
                "a.jsonl | {~[1]                         | D-JSON     | not JSON",
                "a.tsv   | text#text#label~a#b#x         | D-COLUMN   | 'text' twice, columns 1 and"
                        + " 2",
                "a.tsv   | text#label~a%#x               | D-FORMAT   | NUL",
                "a.dat   | text                          | D-FORMAT   | format",
                "a.tsv   | {\"text\": \"a\"}             | D-FORMAT   | looks like JSON, not TSV",
                "a.csv   | PAR1~x                        | D-FORMAT   | Parquet",
                "a.jsonl | {\"text\": 7, \"label\": 1}   | D-TEXT     | holds no text",
                "a.jsonl | {\"text\": null, \"label\": 1} | D-TEXT    | :1",
                "a.csv   | text,label~a,x~ ,x~b,~c,y     | D-LABEL    | 1 row: 4"
            })
    void badRowsAreNamedByTheirLine(String name, String content, String code, String essence)
            throws IOException {
        Path file = write(name, content.replace("~", "\n").replace("#", "\t").replace("%", "\0"));
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error).isNotNull();
        assertThat(error.getMessage()).contains(code.strip(), essence.strip());
        assertThat(error.exitStatus()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sentence,label,idx            | sentence  | -          | label",
                "sentence1,sentence2,label     | sentence1 | sentence2  | label",
                "question1,question2,label     | question1 | question2  | label",
                "premise,hypothesis,label      | premise   | hypothesis | label",
                "index,question,sentence,label | question  | sentence   | label",
                "question,passage,label        | question  | passage    | label",
                "text,question,sentence,label  | text      | -          | label",
                "content,category              | content   | -          | category",
                "utterance,intent              | utterance | -          | intent",
                "review,target                 | review    | -          | target"
            })
    void findsTheColumnsOfWellKnownDataSets(String header, String text, String pair, String label)
            throws IOException {
        Path file = write("a.csv", header.strip() + "\n" + header.strip() + "\n");
        RawExample example = DataReader.read(file, named(), DataColumns.AUTO, true).getFirst();
        assertThat(example)
                .isEqualTo(new RawExample(text, pair.equals("-") ? null : pair, label, 2));
    }

    private static DataFormat named() {
        return new DataFormat("csv", true, null, "UTF-8");
    }

    @Test
    void badRowsAreDroppedWithTheirNumberWhereThatIsAsked() throws IOException {
        Path table = write("a.csv", "text,label\na,x\n ,x\nb,\nc\nd,y\n,z\n");
        Path lines =
                write(
                        "a.jsonl",
                        "{\"text\": \"a\", \"label\": \"x\"}\n"
                                + "{\"text\n"
                                + "[2]\n"
                                + "{\"text\": 3, \"label\": \"x\"}\n"
                                + "{\"text\": \"d\", \"label\": 4}\n");
        var dropped = new Problems();
        assertThat(usable(table, dropped)).extracting(RawExample::line).containsExactly(2L, 6L);
        assertThat(dropped.warnings())
                .extracting(w -> w.code() + " " + w.what())
                .containsExactly(
                        "D-ROW expected 2 fields; there is another number; dropped 1 row: 5",
                        "D-TEXT column 'text' holds no text; dropped 2 rows: 3, 7",
                        "D-LABEL column 'label' holds no label; dropped 1 row: 4");
        var more = new Problems();
        assertThat(usable(lines, more)).extracting(RawExample::label).containsExactly("x", "4");
        assertThat(more.warnings()).hasSize(3);
        Path nothing = write("b.csv", "text,label\n ,x\n");
        assertThat(
                        catchThrowableOfType(
                                        CgloraException.class,
                                        () -> usable(nothing, new Problems()))
                                .getMessage())
                .contains("D-EMPTY", "no row can be used");
    }

    private static List<RawExample> usable(Path file, Problems dropped) {
        return DataReader.readUsable(file, DataFormat.AUTO, DataColumns.AUTO, true, dropped);
    }

    @ParameterizedTest
    @CsvSource({
        "0.0, 1.0, regression",
        "1, 2.5, regression",
        "1e-3, 2, regression",
        "0, 2, without a gap",
        "-1, 0, unlabelled",
        "-1, -1, cglora predict",
        "same, same, the only label is 'same'"
    })
    void labelsThatAreNoClassesAreRefused(String one, String other, String essence) {
        var rows = List.of(new RawExample("a", null, one, 1), new RawExample("b", null, other, 2));
        var error =
                catchThrowableOfType(CgloraException.class, () -> Labels.find(rows, "rows.csv"));
        assertThat(error.getMessage()).contains("D-LABEL", essence);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE"})
    void utf16IsCalledByItsName(String charset) throws IOException {
        Path file = folder.resolve("a.csv");
        String text = "text,label\na caf\u00e9,x\na bar,y\n";
        Files.write(file, text.getBytes(charset));
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error.exitStatus()).isEqualTo(3);
        assertThat(error.getMessage())
                .contains("D-ENCODING", "looks like UTF-16", "save the file as UTF-8")
                .doesNotContain("ISO-8859-1");
        var format = new DataFormat("csv", true, null, charset);
        assertThat(DataReader.read(file, format, DataColumns.AUTO, true)).hasSize(2);
    }

    @Test
    void aBinaryFileIsCalledOne() throws IOException {
        Path file = folder.resolve("a.csv");
        byte[] bytes = new byte[500];
        new Random(3).nextBytes(bytes);
        Files.write(file, bytes);
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error.exitStatus()).isEqualTo(3);
        assertThat(error.getMessage())
                .contains("D-FORMAT", "looks like a binary file")
                .doesNotContain("ISO-8859-1");
    }

    @Test
    void latin1IsRefusedWithLineAndByte() throws IOException {
        Path file = folder.resolve("a.csv");
        Files.write(file, "text,label\ncaf\u00e9,x\n".getBytes(StandardCharsets.ISO_8859_1));
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error.getMessage()).contains("D-ENCODING", ":2", "0xe9");
        var format = new DataFormat("csv", true, null, "ISO-8859-1");
        assertThat(DataReader.read(file, format, DataColumns.AUTO, true).getFirst().text())
                .isEqualTo("caf\u00e9");
    }

    @Test
    void aGzipBombStopsAtItsLimit() throws IOException {
        Path file = folder.resolve("bomb.tsv");
        try (var gzip = new GZIPOutputStream(Files.newOutputStream(file))) {
            byte[] lines = new byte[1 << 20];
            Arrays.fill(lines, (byte) '\n');
            for (int i = 0; i < 64; i++) {
                gzip.write(lines);
            }
        }
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error.getMessage()).contains("X-LIMIT");
    }

    @Test
    void labelsAreCheckedAgainstTheirNames() {
        List<RawExample> rows =
                List.of(
                        new RawExample("a", null, "negative", 1),
                        new RawExample("b", null, "postive", 2));
        var labels = new Labels(List.of("negative", "positive"), false);
        var error =
                catchThrowableOfType(CgloraException.class, () -> labels.indices(rows, "r.csv"));
        assertThat(error.getMessage())
                .contains("D-LABEL", "r.csv:2", "'postive'", "did you mean 'positive'");
        assertThat(
                        catchThrowableOfType(
                                        CgloraException.class,
                                        () ->
                                                Labels.find(
                                                        List.of(
                                                                new RawExample("a", null, "0", 1),
                                                                new RawExample("b", null, "2", 2)),
                                                        "r.csv"))
                                .getMessage())
                .contains("D-LABEL", "without a gap");
    }

    @Test
    void readsTheLabelledDataSets() {
        Path data = Path.of(System.getProperty("cglora.data", "../shared/data"));
        assumeTrue(Files.isDirectory(data), "skipped: no data sets at " + data);
        var noHeader = new DataFormat("tsv", false, null, "UTF-8");
        assertThat(
                        DataReader.read(
                                data.resolve("sst2/train.tsv.gz"),
                                noHeader,
                                new DataColumns("0", null, "1"),
                                true))
                .hasSize(6920);
        assertThat(
                        DataReader.read(
                                data.resolve("cola/dev.tsv.gz"),
                                noHeader,
                                new DataColumns("3", null, "1"),
                                true))
                .hasSize(1043);
        assertThat(
                        DataReader.read(
                                data.resolve("mrpc/train.txt.gz"),
                                new DataFormat("tsv", true, null, "UTF-8"),
                                new DataColumns("#1 String", "#2 String", "Quality"),
                                true))
                .hasSize(4076);
    }

    /// Whether there are pairs is not decided by the first row alone.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"text\": \"b\", \"text_pair\": \"c\", \"label\": 1} | :2 | give every row 'text_pair'",
                "{\"label\": 1, \"text\": \"b\"}~{\"hypothesis\": \"c\", \"text\": \"b\"} | :3 | 'hypothesis'"
            })
    void aSecondTextThatRowsBeforeLackIsAnError(String more, String place, String essence)
            throws IOException {
        Path file = write("a.jsonl", "{\"text\": \"a\", \"label\": 1}\n" + more.replace("~", "\n"));
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error).isNotNull();
        assertThat(error.getMessage()).contains("D-COLUMN", "a.jsonl" + place, essence);
    }

    /// What is not read may differ from row to row, and an empty second text is one.
    @Test
    void otherColumnsMayComeAndGo() throws IOException {
        Path file =
                write(
                        "a.jsonl",
                        """
                        {"text": "a", "text_pair": "", "label": 1}
                        {"text": "b", "text_pair": "c", "label": 1, "source": "x"}
                        """);
        assertThat(read(file)).extracting(RawExample::textPair).containsExactly("", "c");
    }

    /// Numbers of a Parquet file are read by their logical types.
    @ParameterizedTest
    @CsvSource({"decimal, 1.50, 1.51", "unsigned, 4294967295, 4294967294"})
    void parquetNumbersAreReadByTheirLogicalType(String name, String first, String second) {
        assertThat(read(Path.of("src/test/resources/parquet/" + name + ".parquet")))
                .extracting(RawExample::label)
                .containsExactly(first, second);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "latin1 | D-ENCODING | latin1.parquet:1",
                "date   | D-FORMAT   | column 'label' holds no plain values but Date"
            })
    void parquetOfOtherTextsAndTypesIsRefusedByName(String name, String code, String essence) {
        Path file = Path.of("src/test/resources/parquet/" + name + ".parquet");
        var error = catchThrowableOfType(CgloraException.class, () -> read(file));
        assertThat(error).isNotNull();
        assertThat(error.getMessage()).contains(code, essence);
    }
}
