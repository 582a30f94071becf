package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// How a verb shows what it has found: as text on standard output, and as a page.
public final class OutputOptions {
    private enum Form {
        MD,
        CSV,
        JSON
    }

    /// What there is to show, made when it is asked for.
    ///
    /// @param page HTML
    record Texts(
            Supplier<String> markdown,
            Supplier<String> csv,
            Supplier<String> json,
            Supplier<String> page) {}

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

    /// The page first: standard output may be closed early.
    void print(Texts texts, Console console) {
        if (html != null) {
            write(html, texts.page().get());
        }
        Supplier<String> text =
                switch (form) {
                    case MD -> texts.markdown();
                    case CSV -> texts.csv();
                    case JSON -> texts.json();
                };
        console.out().print(text.get());
    }

    /// @throws CgloraException K-OUTPUT where the file cannot be written
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
}
