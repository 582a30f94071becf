package cglora.pipeline.cli;

import cglora.pipeline.bench.BenchRecord;
import cglora.pipeline.bench.Comparison;
import cglora.pipeline.bench.ComparisonPage;
import cglora.pipeline.bench.ComparisonText;
import cglora.pipeline.bench.RecordFormat;
import cglora.pipeline.bench.RecordTable;
import cglora.pipeline.cli.OutputOptions.Texts;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What `bench` and `bench compare` show.
final class BenchOutput {
    private BenchOutput() {}

    /// One record, and its page.
    static Texts of(BenchRecord record) {
        return new Texts(
                () -> RecordTable.markdown(record),
                () -> RecordTable.csv(record),
                () -> RecordFormat.write(record),
                () -> ComparisonPage.html(Comparison.of(Map.of("", record))));
    }

    /// Several records side by side.
    static Texts of(Map<String, BenchRecord> records) {
        Comparison comparison = Comparison.of(records);
        return new Texts(
                () -> ComparisonText.markdown(comparison),
                () -> ComparisonText.csv(comparison),
                () -> ComparisonText.json(comparison),
                () -> ComparisonPage.html(comparison));
    }

    /// Records by the names of their files, the whole path where two files share a name.
    static Map<String, BenchRecord> read(List<Path> files) {
        Map<String, BenchRecord> records = new LinkedHashMap<>();
        for (Path file : files) {
            String name = file.getFileName().toString().replaceFirst("\\.json$", "");
            BenchRecord record = RecordFormat.read(file);
            if (records.putIfAbsent(name, record) != null) {
                records.put(file.toString(), record);
            }
        }
        return records;
    }
}
