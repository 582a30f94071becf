package cglora.models.fuzz;

import cglora.kernels.error.Problems;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.RawExample;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;

/// Data files that come from anywhere. The first byte says what the file is called.
@Tag("fuzz")
class DataFuzzTest {
    private static final List<String> NAMES =
            List.of("a.tsv", "a.csv", "a.jsonl", "a.parquet", "a.tsv.gz", "a.csv.zst");

    @FuzzTest(maxDuration = "24h")
    void rows(byte[] input) {
        if (input.length == 0) {
            return;
        }
        String name = NAMES.get((input[0] & 0xff) % NAMES.size());
        Fuzzed.read(
                name,
                Arrays.copyOfRange(input, 1, input.length),
                file -> {
                    List<RawExample> usable =
                            DataReader.readUsable(
                                    file, DataFormat.AUTO, DataColumns.AUTO, true, new Problems());
                    long line = 0;
                    for (RawExample example : usable) {
                        if (example.text().isBlank() || example.label().isBlank()) {
                            throw new AssertionError("a row that cannot be used: " + example);
                        }
                        if (example.line() <= line) {
                            throw new AssertionError("lines do not ascend: " + example);
                        }
                        line = example.line();
                    }
                });
    }
}
