package cglora.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Parquet files, which `scripts/peers/parquet_fixtures.py` writes with pyarrow, and zstd.
class PackedDataTest {
    private static final int ROWS = 300;

    @TempDir Path folder;

    private static Path fixture(String name) {
        try {
            return Path.of(
                    PackedDataTest.class.getResource("/parquet/" + name + ".parquet").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<RawExample> read(Path file, String label) {
        return DataReader.read(file, DataFormat.AUTO, new DataColumns(null, null, label), true);
    }

    private static String text(int row) {
        return row % 3 == 0 ? "the same words" : "row " + row + " says na\u00efve 你好 \ud83d\ude00";
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "snappy", "gzip", "zstd", "plain", "categories", "nested"})
    void readsWhatPyarrowWrites(String name) {
        List<RawExample> examples = read(fixture(name), null);
        assertThat(examples).hasSize(ROWS);
        for (int i = 0; i < ROWS; i++) {
            assertThat(examples.get(i))
                    .isEqualTo(
                            new RawExample(
                                    text(i), null, i % 2 == 0 ? "positive" : "negative", i + 1L));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "number, 1, 0, 1",
        "small, 1, 2, 3",
        "share, 0.125, 0.25, 0.375",
        "half, 0.5, 1.0, 1.5",
        "odd, true, false, true"
    })
    void numbersAndBooleansAreLabels(String column, String one, String two, String three) {
        assertThat(read(fixture("snappy"), column).subList(1, 4))
                .extracting(RawExample::label)
                .containsExactly(one, two, three);
    }

    @Test
    void missingValuesAreBadRows() {
        var error = catchThrowableOfType(CgloraException.class, () -> read(fixture("nulls"), null));
        assertThat(error.getMessage())
                .contains("D-TEXT", "holds no text in 1 row: 8", "D-LABEL", "in 1 row: 12");
        var dropped = new Problems();
        assertThat(
                        DataReader.readUsable(
                                fixture("nulls"), DataFormat.AUTO, DataColumns.AUTO, true, dropped))
                .hasSize(ROWS - 2);
        assertThat(dropped.warnings()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "words | 'words' holds no plain values but lists or structures",
                "lable | did you mean 'label'?",
                "share | "
            })
    void columnsAreAskedForByName(String column, String essence) {
        var columns = new DataColumns(column, null, null);
        var error =
                catchThrowableOfType(
                        CgloraException.class,
                        () -> DataReader.read(fixture("nested"), DataFormat.AUTO, columns, true));
        assertThat(error.getMessage()).contains(essence == null ? "D-TEXT" : essence);
        assertThat(error.exitStatus()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"0.3, cannot be read as Parquet", "0.9, cannot be read as Parquet"})
    void whatIsCutIsSaid(double share, String essence) throws IOException {
        byte[] whole = Files.readAllBytes(fixture("snappy"));
        Path file = folder.resolve("cut.parquet");
        Files.write(file, Arrays.copyOf(whole, (int) (share * whole.length)));
        var error = catchThrowableOfType(CgloraException.class, () -> read(file, null));
        assertThat(error.getMessage()).contains("D-FORMAT", essence);
    }

    @Test
    void theNameOfAFormatAndItsContentAgree() throws IOException {
        Path copy = folder.resolve("a.csv");
        Files.copy(fixture("snappy"), copy);
        assertThat(read(copy, null)).hasSize(ROWS);
        var csv = new DataFormat("csv", true, null, "UTF-8");
        assertThat(
                        catchThrowableOfType(
                                        CgloraException.class,
                                        () -> DataReader.read(copy, csv, DataColumns.AUTO, true))
                                .getMessage())
                .contains("looks like a Parquet file");
        Path text = folder.resolve("b.parquet");
        Files.writeString(text, "text,label\na,x\n");
        assertThat(catchThrowableOfType(CgloraException.class, () -> read(text, null)).getMessage())
                .contains("is no Parquet file");
    }

    private Path zstd(String name, String unit, int times) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = new ZstdOutputStreamNoFinalizer(Files.newOutputStream(file), 19)) {
            byte[] bytes = unit.getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < times; i++) {
                out.write(bytes);
            }
        }
        return file;
    }

    @Test
    void readsZstdByContentAndStopsABomb() throws IOException {
        for (String name : new String[] {"a.tsv.zst", "a.tsv.zstd", "a.tsv"}) {
            List<RawExample> examples =
                    read(zstd(name, "text\tlabel\na good film\tyes\na bad one\tno\n", 1), null);
            assertThat(examples).extracting(RawExample::label).containsExactly("yes", "no");
        }
        Path bomb = zstd("bomb.tsv.zst", "\n".repeat(1 << 20), 64);
        var error = catchThrowableOfType(CgloraException.class, () -> read(bomb, null));
        assertThat(error.getMessage()).contains("X-LIMIT", "1000 times its size");
        Path cut = folder.resolve("cut.tsv.zst");
        byte[] whole = Files.readAllBytes(zstd("b.tsv.zst", "a film\tyes\n", 1000));
        Files.write(cut, Arrays.copyOf(whole, whole.length - 5));
        assertThat(catchThrowableOfType(CgloraException.class, () -> read(cut, null)).getMessage())
                .contains("D-FORMAT", "cannot be read");
    }
}
