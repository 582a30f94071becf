package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.report.Page;
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

    @Option(
            names = "--force",
            description = "Write over a file that is there and is no page of cglora's.")
    private boolean force;

    boolean isForced() {
        return force;
    }

    /// Before anything is computed in vain.
    ///
    /// @throws CgloraException K-EXISTS where the page would be written over another file
    void requireFree() {
        if (html != null) {
            requireFree(html, force);
        }
    }

    /// A page that is made anew may take the place of an older one, and of nothing else.
    static void requireFree(Path page, boolean force) {
        if (!force && Files.isRegularFile(page) && !isOurs(page)) {
            throw exists(page, "is there, and is no page of cglora's");
        }
    }

    static CgloraException exists(Path file, String what) {
        return new CgloraException(
                ErrorCode.K_EXISTS,
                file.toString(),
                what,
                "name another file, or --force to write over it");
    }

    private static boolean isOurs(Path page) {
        try (var in = Files.newInputStream(page)) {
            return Page.isOurs(new String(in.readNBytes(4096), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return false; // what cannot be read is not known to be ours
        }
    }

    /// The page first: standard output may be closed early.
    void print(Texts texts, Console console) {
        requireFree();
        if (html != null) {
            write(html, texts.page().get());
        }
        Supplier<String> text =
                switch (form) {
                    case MD -> texts.markdown();
                    case CSV -> texts.csv();
                    case JSON -> texts.json();
                };
        (form == Form.MD ? console.out() : console.exact()).print(text.get());
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
