package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Reads labelled texts, or words with tags, from TSV, CSV (RFC 4180), JSONL, CoNLL and Parquet
/// files, all but the last by themselves or packed by gzip or zstd, row by row: a file may be
/// larger than memory. Every row that cannot be used is named by its line; nothing is dropped in
/// silence.
public final class DataReader {
    /// The first rows of a file by their columns.
    ///
    /// @param rows  the fields in the columns' order; null where JSON has null, a list or an object
    /// @param whole whether the file has no others
    public record Head(List<Map<String, String>> rows, boolean whole) {}

    /// Ends a reading that has what it wants.
    private static final class Enough extends RuntimeException {
        private static final long serialVersionUID = 1;

        Enough() {
            super(null, null, false, false);
        }
    }

    /// Characters of rows after which a head has no more of them.
    private static final long HEAD_CHARACTERS = 1 << 25;

    private final Path path;
    private final DataFormat format;
    private final BadRows bad;

    /// @param dropped null where bad rows are errors
    private DataReader(Path path, DataFormat format, Problems dropped) {
        this.path = path;
        this.format = format;
        this.bad = new BadRows(path.toString(), dropped);
    }

    /// Reads a whole file.
    ///
    /// @param labelsRequired whether rows without a label are errors
    /// @throws CgloraException D-MISSING, D-EMPTY, D-COLUMN, D-ROW, D-JSON, D-ENCODING, D-LABEL,
    ///     D-TEXT, D-FORMAT or X-LIMIT
    public static List<RawExample> read(
            Path path, DataFormat format, DataColumns columns, boolean labelsRequired) {
        return readUsable(path, format, columns, labelsRequired, null);
    }

    /// Reads a whole file and leaves out the rows that cannot be used.
    ///
    /// @param dropped is given a warning with the number of rows of each kind
    /// @throws CgloraException as [#read], for what concerns the whole file, and D-EMPTY when no
    ///     row is left
    public static List<RawExample> readUsable(
            Path path,
            DataFormat format,
            DataColumns columns,
            boolean labelsRequired,
            Problems dropped) {
        var examples = new ArrayList<RawExample>();
        stream(path, format, columns, labelsRequired, dropped, examples::add);
        return examples;
    }

    /// Hands over one example after the other. They count only where the call returns.
    ///
    /// @param dropped is given the warnings of rows that are left out; null where they are errors
    /// @throws CgloraException as [#read], with all rows that are wrong
    public static void stream(
            Path path,
            DataFormat format,
            DataColumns columns,
            boolean labelsRequired,
            Problems dropped,
            Consumer<RawExample> examples) {
        var reader = new DataReader(path, format, dropped);
        var made = new ExampleRows(columns, labelsRequired, path.toString(), reader.bad, examples);
        reader.rows(columns, made, Long.MAX_VALUE);
        if (made.usable() == 0) {
            throw reader.error(ErrorCode.D_EMPTY, "no row can be used", "correct the rows");
        }
    }

    /// Reads the beginning of a file; what follows is not looked at.
    ///
    /// @param most rows
    /// @throws CgloraException as [#read], for what concerns the file and these rows
    public static Head head(Path path, DataFormat format, int most) {
        var head = new ArrayList<Map<String, String>>();
        var characters = new long[1];
        Consumer<Row> rows =
                row -> {
                    if (characters[0] > HEAD_CHARACTERS) {
                        throw new Enough();
                    }
                    head.add(row.fields());
                    row.fields().values().forEach(f -> characters[0] += f == null ? 0 : f.length());
                };
        boolean whole = new DataReader(path, format, null).rows(DataColumns.AUTO, rows, most);
        return new Head(head, whole);
    }

    /// The first examples of a file, likewise.
    ///
    /// @throws CgloraException as [#read]
    public static List<RawExample> first(
            Path path, DataFormat format, DataColumns columns, boolean labelsRequired, int most) {
        var examples = new ArrayList<RawExample>();
        var reader = new DataReader(path, format, null);
        reader.rows(
                columns,
                new ExampleRows(
                        columns, labelsRequired, path.toString(), reader.bad, examples::add),
                most);
        return examples;
    }

    /// The columns of words and of their tags where a file has both, as its first row shows, null
    /// for those of a CoNLL file.
    ///
    /// @return empty for a file of something else, or one that cannot be read
    public static Optional<WordColumns> words(Path path, DataFormat format) {
        if (type(path, format).equals("conll")) {
            return Optional.of(new WordColumns(null, null, true));
        }
        var lists = new ArrayList<String>();
        Consumer<Row> row =
                first ->
                        first.fields().entrySet().stream()
                                .filter(f -> f.getValue() != null && f.getValue().startsWith("["))
                                .forEach(f -> lists.add(f.getKey()));
        try {
            new DataReader(path, format, null).rows(DataColumns.of(WordColumns.IF_THERE), row, 1);
        } catch (CgloraException _) {
            return Optional.empty(); // whoever reads it as something else says what is wrong
        }
        Optional<String> tokens = WordColumns.TOKENS.stream().filter(lists::contains).findFirst();
        Optional<String> tags = WordColumns.TAGS.stream().filter(lists::contains).findFirst();
        return tokens.flatMap(of -> tags.map(one -> new WordColumns(of, one, true)));
    }

    /// What a file is read as, as far as format and name tell.
    static String type(Path path, DataFormat format) {
        try {
            return new FileSniffer(path).type(format);
        } catch (CgloraException _) {
            return "unnamed"; // a Parquet file, or the reader says what is wrong
        }
    }

    /// @param most rows that are handed over
    /// @return whether these are all
    private boolean rows(DataColumns columns, Consumer<Row> to, long most) {
        boolean whole = true;
        if (!Files.isRegularFile(path)) {
            throw error(
                    ErrorCode.D_MISSING,
                    Files.isDirectory(path) ? "is a folder" : "there is no such file",
                    "give the path of a data file");
        }
        long[] count = new long[1];
        var problems = new Problems();
        Consumer<Row> counted =
                row -> {
                    if (count[0] == most) {
                        throw new Enough();
                    }
                    count[0]++;
                    to.accept(row);
                };
        try (InputStream in = Unpacked.open(path)) {
            read(in, columns, counted);
        } catch (Enough _) {
            whole = false;
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.D_FORMAT,
                    path.toString(),
                    "cannot be read: " + e.getMessage(),
                    "fetch the file again",
                    e);
        } catch (CgloraException e) {
            bad.reportTo(problems);
            problems.error(e);
            problems.throwIfAny();
        }
        bad.reportTo(problems);
        problems.throwIfAny();
        if (count[0] == 0) {
            throw error(ErrorCode.D_EMPTY, "0 rows found", "give a file with data");
        }
        return whole;
    }

    private void read(InputStream in, DataColumns columns, Consumer<Row> to) throws IOException {
        var sniffer = new FileSniffer(path);
        in.mark(FileSniffer.SAMPLE);
        byte[] sample = in.readNBytes(FileSniffer.SAMPLE);
        in.reset();
        sniffer.refuseKnown(sample);
        boolean parquet = FileSniffer.isParquet(sample);
        String type = parquet && format.type().equals("auto") ? "parquet" : sniffer.type(format);
        if (parquet != type.equals("parquet")) {
            throw error(
                    ErrorCode.D_FORMAT,
                    parquet ? "looks like a Parquet file" : "is no Parquet file",
                    "\"format\": {\"type\": \"auto\"} goes by content and name");
        }
        if (parquet) {
            new ParquetRows(path, columns).read(to);
            return;
        }
        Charset charset = charset();
        sniffer.refuseOthers(sample, type, charset);
        var text = new StrictReader(in, path.toString(), charset);
        if (type.equals("jsonl")) {
            new JsonRows(text, path.toString(), bad, columns.lists()).read(to);
        } else if (type.equals("conll")) {
            new ConllRows(text, path.toString(), bad, columns.words()).read(to);
        } else {
            new TableRows(text, path.toString(), bad, type, format, columns).read(to);
        }
    }

    private Charset charset() {
        try {
            return Charset.forName(format.encoding() == null ? "UTF-8" : format.encoding());
        } catch (IllegalArgumentException e) {
            throw new CgloraException(
                    ErrorCode.D_ENCODING,
                    path.toString(),
                    "no character set is called '" + format.encoding() + "'",
                    "\"format\": {\"encoding\": \"UTF-8\"}",
                    e);
        }
    }

    private CgloraException error(ErrorCode code, String what, String fix) {
        return new CgloraException(code, path.toString(), what, fix);
    }
}
