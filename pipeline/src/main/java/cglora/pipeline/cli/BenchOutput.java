package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.bench.BenchRecord;
import cglora.pipeline.bench.Comparison;
import cglora.pipeline.bench.ComparisonPage;
import cglora.pipeline.bench.ComparisonText;
import cglora.pipeline.bench.RecordFormat;
import cglora.pipeline.bench.RecordTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// How `bench` and `bench compare` show what they have.
public final class BenchOutput {
    private enum Form {
        MD,
        CSV,
        JSON
    }

    /// A form by its name in any case.
    static final class Forms implements ITypeConverter<Form> {
        @Override
        public Form convert(String text) {
            try {
                return Form.valueOf(text.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "no form '" + text + "', expected md, csv or json");
            }
        }
    }

    @Option(
            names = {"-o", "--output"},
            defaultValue = "md",
            paramLabel = "FORM",
            converter = Forms.class,
            description = "On standard output: md (Markdown), csv or json.")
    private Form form;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write a page with charts here, too; it needs no network.")
    private Path html;

    /// One record, and its page.
    void print(BenchRecord record, Console console) {
        page(Map.of("", record));
        console.out()
                .print(
                        switch (form) {
                            case MD -> RecordTable.markdown(record);
                            case CSV -> RecordTable.csv(record);
                            case JSON -> RecordFormat.write(record);
                        });
    }

    /// Several records side by side, and their page.
    void print(Map<String, BenchRecord> records, Console console) {
        Comparison comparison = Comparison.of(records);
        page(records);
        console.out()
                .print(
                        switch (form) {
                            case MD -> ComparisonText.markdown(comparison);
                            case CSV -> ComparisonText.csv(comparison);
                            case JSON -> ComparisonText.json(comparison);
                        });
    }

    private void page(Map<String, BenchRecord> records) {
        if (html != null) {
            write(html, ComparisonPage.html(Comparison.of(records)));
        }
    }

    static void write(Path file, String text) {
        try {
            Files.writeString(file, text, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.K_OUTPUT,
                    file.toString(),
                    "cannot be written: " + e,
                    "name a file in a folder that can",
                    e);
        }
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
