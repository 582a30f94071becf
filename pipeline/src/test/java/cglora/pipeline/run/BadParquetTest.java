package cglora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Parquet files whose columns or packing are not read.
class BadParquetTest extends BadInput {
    private static final Path FILES = Path.of("../models/src/test/resources/parquet");

    private void bring(String name) throws IOException {
        Files.copy(FILES.resolve(name + ".parquet"), folder.resolve("rows.parquet"));
        change("p.json", "train.tsv", "rows.parquet");
    }

    @ParameterizedTest
    @CsvSource({"brotli, BROTLI", "lz4, LZ4"})
    void packingThatIsNotReadIsNamedWithTheColumn(String codec, String name) throws IOException {
        bring(codec);
        refused(3, "D-FORMAT", "rows.parquet", name, "'text'", "snappy, zstd, gzip or no");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "decimal | FIXED_LEN_BYTE_ARRAY",
                "time | INT96",
                "struct | lists or structures",
                "map | lists or structures"
            })
    void columnsOfOtherTypesAreNamedWhereTheyAreAskedFor(String column, String type)
            throws IOException {
        bring("strange");
        change(
                "p.json",
                "\"max_length\"",
                "\"columns\": {\"text\": \"text\", \"label\": \"%s\"}, \"max_length\""
                        .formatted(column));
        refused(
                3,
                "D-FORMAT",
                "rows.parquet",
                "column '%s' holds no plain values but %s".formatted(column, type),
                "take a column of texts, numbers or booleans");
    }
}
