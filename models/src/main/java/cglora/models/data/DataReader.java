package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads labelled texts from TSV, CSV (RFC 4180) and JSONL files, gzip'd or not. Every row that
/// cannot be used is named by its line; nothing is dropped in silence.
public final class DataReader {
    /// The bytes that tell what a file is.
    private static final int SAMPLE = 4096;

    private static final long MAX_EXPANSION = 1000;
    private static final long MAX_BYTES = 1L << 31;
    private static final List<String> TEXT =
            List.of("text", "sentence", "sentence1", "question1", "premise");
    private static final List<String> PAIR =
            List.of("text_pair", "sentence2", "question2", "hypothesis");
    private static final List<String> LABEL = List.of("label", "labels", "class");
    private static final List<String> SOURCE = List.of("source", "input", "document", "article");
    private static final List<String> TARGET =
            List.of("target", "output", "summary", "answer", "highlights");

    /// A row whose fields are known by column; null where JSON has null, a list or an object.
    ///
    /// @param numbers columns whose value is a number or a boolean of JSON, not a text
    private record Row(Map<String, String> fields, Set<String> numbers, long line) {}

    private final Path path;
    private final DataFormat format;
    private final Problems dropped;
    private boolean writes;

    private DataReader(Path path, DataFormat format, Problems dropped) {
        this.path = path;
        this.format = format;
        this.dropped = dropped;
    }

    /// Reads a whole file.
    ///
    /// @param labelsRequired whether rows without a label are errors
    /// @throws CgloraException D-MISSING, D-EMPTY, D-COLUMN, D-ROW, D-JSON, D-ENCODING, D-LABEL,
    ///     D-TEXT, D-FORMAT or X-LIMIT
    public static List<RawExample> read(
            Path path, DataFormat format, DataColumns columns, boolean labelsRequired) {
        return new DataReader(path, format, null).read(columns, labelsRequired);
    }

    /// Reads a whole file whose examples are answered by texts: the label is the text of the
    /// target's column.
    ///
    /// @param targetsRequired whether rows without a target are errors
    /// @param dropped         as in [#readUsable]; null where such rows are errors
    /// @throws CgloraException as [#read]
    public static List<RawExample> readTexts(
            Path path,
            DataFormat format,
            DataColumns columns,
            boolean targetsRequired,
            Problems dropped) {
        var reader = new DataReader(path, format, dropped);
        reader.writes = true;
        return reader.read(columns, targetsRequired);
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
        return new DataReader(path, format, dropped).read(columns, labelsRequired);
    }

    /// The fields of all rows by their columns, in the columns' order; null where JSON has null, a
    /// list or an object.
    ///
    /// @throws CgloraException as [#read], for what concerns the file and its rows
    public static List<Map<String, String>> table(Path path, DataFormat format) {
        return new DataReader(path, format, null)
                .rows(DataColumns.AUTO).stream().map(Row::fields).toList();
    }

    private List<Row> rows(DataColumns columns) {
        if (!Files.isRegularFile(path)) {
            throw error(
                    ErrorCode.D_MISSING,
                    "",
                    Files.isDirectory(path) ? "is a folder" : "there is no such file",
                    "give the path of a data file");
        }
        byte[] bytes = bytes();
        refuseBinary(bytes);
        String text = decode(bytes);
        String type = type();
        if (!type.equals("jsonl") && text.stripLeading().startsWith("{\"")) {
            throw error(
                    ErrorCode.D_FORMAT,
                    ":1",
                    "looks like JSON, not " + type.toUpperCase(Locale.ROOT),
                    "\"format\": {\"type\": \"jsonl\"}");
        }
        List<Row> rows = type.equals("jsonl") ? jsonRows(text) : tableRows(text, type, columns);
        if (rows.isEmpty()) {
            throw error(ErrorCode.D_EMPTY, "", "0 rows found", "give a file with data");
        }
        return rows;
    }

    private List<RawExample> read(DataColumns columns, boolean labelsRequired) {
        List<Row> rows = rows(columns);
        var known = new ArrayList<>(rows.getFirst().fields().keySet());
        String textColumn = column(columns.text(), usualTexts(), known, "text");
        String pairColumn = column(columns.textPair(), PAIR, known, null);
        String labelColumn = answerColumn(columns, known, labelsRequired);
        var examples = new ArrayList<RawExample>();
        var noText = new ArrayList<Long>();
        var noLabel = new ArrayList<Long>();
        for (Row row : rows) {
            String first = row.fields().get(textColumn);
            String second = pairColumn == null ? null : row.fields().get(pairColumn);
            String label = labelColumn == null ? null : row.fields().get(labelColumn);
            boolean noFirst =
                    first == null || first.isBlank() || row.numbers().contains(textColumn);
            boolean noSecond =
                    pairColumn != null && (second == null || row.numbers().contains(pairColumn));
            if (noFirst || noSecond) {
                noText.add(row.line());
            } else if (labelsRequired && (label == null || label.isBlank())) {
                noLabel.add(row.line());
            } else {
                examples.add(new RawExample(first, second, label, row.line()));
            }
        }
        var problems = new Problems();
        refuse(
                ErrorCode.D_TEXT,
                noText,
                "column '" + textColumn + "' holds no text",
                "correct or remove the rows",
                problems);
        refuse(
                ErrorCode.D_LABEL,
                noLabel,
                "column '" + labelColumn + "' holds no " + (writes ? "text" : "label"),
                "correct or remove the rows",
                problems);
        problems.throwIfAny();
        if (examples.isEmpty()) {
            throw error(ErrorCode.D_EMPTY, "", "no row can be used", "correct the rows");
        }
        return examples;
    }

    private List<String> usualTexts() {
        if (!writes) {
            return TEXT;
        }
        var usual = new ArrayList<>(TEXT);
        usual.addAll(SOURCE);
        return usual;
    }

    /// The column of the label; of texts to write the target's, or else the label's.
    private String answerColumn(DataColumns columns, List<String> known, boolean required) {
        if (!writes || columns.target() == null && columns.label() != null) {
            return column(columns.label(), LABEL, known, required ? "label" : null);
        }
        var usual = new ArrayList<>(TARGET);
        usual.addAll(LABEL);
        return column(columns.target(), usual, known, required ? "target" : null);
    }

    /// Bad rows are errors, or dropped with a warning.
    private void refuse(
            ErrorCode code, List<Long> lines, String what, String fix, Problems problems) {
        if (lines.isEmpty()) {
            return;
        }
        String where = path + ":" + lines.getFirst();
        if (dropped == null) {
            problems.error(code, where, what + " in " + places(lines), fix);
        } else {
            dropped.warning(code, where, what + "; dropped " + places(lines), "");
        }
    }

    private void refuse(ErrorCode code, List<Long> lines, String what, String fix) {
        var problems = new Problems();
        refuse(code, lines, what, fix, problems);
        problems.throwIfAny();
    }

    /// "3 rows: 1184, 2040, 2041".
    static String places(List<Long> lines) {
        String first =
                lines.stream().limit(5).map(String::valueOf).collect(Collectors.joining(", "));
        return (lines.size() == 1 ? "1 row: " : lines.size() + " rows: ")
                + first
                + (lines.size() > 5 ? ", …" : "");
    }

    private byte[] bytes() {
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(path))) {
            raw.mark(2);
            boolean gzip = raw.read() == 0x1f && raw.read() == 0x8b;
            raw.reset();
            long limit =
                    gzip ? Math.min(MAX_BYTES, 1024 + MAX_EXPANSION * Files.size(path)) : MAX_BYTES;
            try (InputStream in = gzip ? new GZIPInputStream(raw) : raw) {
                var out = new ByteArrayOutputStream();
                byte[] chunk = new byte[1 << 16];
                for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                    out.write(chunk, 0, n);
                    if (out.size() > limit) {
                        throw error(
                                ErrorCode.X_LIMIT,
                                "",
                                "expands to more than " + limit + " bytes",
                                "split the file");
                    }
                }
                return out.toByteArray();
            }
        } catch (IOException e) {
            throw error(
                    ErrorCode.D_FORMAT,
                    "",
                    "cannot be read: " + e.getMessage(),
                    "fetch the file again");
        }
    }

    /// Formats that are recognised only to say what they are.
    private void refuseBinary(byte[] bytes) {
        String start = new String(bytes, 0, Math.min(4, bytes.length), StandardCharsets.ISO_8859_1);
        String looks =
                switch (start) {
                    case "PAR1" -> "a Parquet file";
                    case "PK\u0003\u0004" -> "a zip archive, or a spreadsheet";
                    case "(\u00b5/\u00fd" -> "zstd";
                    default -> null;
                };
        if (looks != null) {
            throw error(
                    ErrorCode.D_FORMAT,
                    "",
                    "looks like " + looks,
                    "save the rows as TSV, CSV or JSONL, gzip'd or not");
        }
    }

    /// What another encoding or no text at all shows: zeros beside the letters, and control
    /// characters among them.
    private void refuseNoText(byte[] bytes) {
        int length = Math.min(bytes.length, SAMPLE);
        int[] zeros = new int[2]; // at even and odd places
        int controls = 0;
        for (int i = 0; i < length; i++) {
            zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
            boolean space = bytes[i] >= '\t' && bytes[i] <= '\r' || bytes[i] == 0x1b;
            controls += bytes[i] >= 0 && bytes[i] < ' ' && !space ? 1 : 0;
        }
        boolean marked =
                length >= 2
                        && ((bytes[0] & 0xff) == 0xff && (bytes[1] & 0xff) == 0xfe
                                || (bytes[0] & 0xff) == 0xfe && (bytes[1] & 0xff) == 0xff);
        int most = Math.max(zeros[0], zeros[1]);
        int least = Math.min(zeros[0], zeros[1]);
        if (marked || length >= 16 && most > length / 4 && least < most / 8) {
            throw error(
                    ErrorCode.D_ENCODING,
                    ":1",
                    "looks like UTF-16",
                    "save the file as UTF-8, or set \"format\": {\"encoding\": \"%s\"}"
                            .formatted(
                                    marked
                                            ? "UTF-16"
                                            : zeros[0] > zeros[1] ? "UTF-16BE" : "UTF-16LE"));
        }
        if (length >= 64 && controls > length / 20) {
            throw error(
                    ErrorCode.D_FORMAT,
                    "",
                    "looks like a binary file: %d of its first %d bytes are control characters"
                            .formatted(controls, length),
                    "save the rows as TSV, CSV or JSONL, gzip'd or not");
        }
    }

    private String decode(byte[] bytes) {
        Charset charset = Charset.forName(format.encoding() == null ? "UTF-8" : format.encoding());
        if (charset.equals(StandardCharsets.UTF_8)) {
            refuseNoText(bytes);
        }
        String text;
        var buffer = ByteBuffer.wrap(bytes);
        var decoder = charset.newDecoder();
        try {
            text = decoder.decode(buffer).toString();
        } catch (CharacterCodingException e) {
            int at = buffer.position();
            long line = 1;
            for (int i = 0; i < at; i++) {
                line += bytes[i] == '\n' ? 1 : 0;
            }
            throw error(
                    ErrorCode.D_ENCODING,
                    ":" + line,
                    "byte %d (0x%02x) is not %s".formatted(at, bytes[at] & 0xff, charset),
                    "save the file as UTF-8, or set \"format\": {\"encoding\": \"ISO-8859-1\"}");
        }
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            throw error(
                    ErrorCode.D_FORMAT,
                    ":" + (1 + text.substring(0, nul).lines().count()),
                    "holds a NUL character",
                    "is this a text file?");
        }
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private String type() {
        if (!format.type().equals("auto")) {
            return format.type();
        }
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        name = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        if (name.endsWith(".csv")) {
            return "csv";
        }
        if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
            return "jsonl";
        }
        if (name.endsWith(".tsv") || name.endsWith(".txt")) {
            return "tsv";
        }
        throw error(
                ErrorCode.D_FORMAT,
                "",
                "the name does not tell the format",
                "\"format\": {\"type\": \"tsv\"}, \"csv\" or \"jsonl\"");
    }

    private List<Row> jsonRows(String text) {
        var rows = new ArrayList<Row>();
        var bad = new ArrayList<Long>();
        var noObject = new ArrayList<Long>();
        String reason = "";
        long line = 0;
        for (String row : text.split("\n|\r\n?", -1)) {
            line++;
            if (row.isBlank()) {
                continue;
            }
            try {
                JsonNode node = JsonMapper.shared().readTree(row);
                if (!node.isObject()) {
                    noObject.add(line);
                    continue;
                }
                var fields = new LinkedHashMap<String, String>();
                var numbers = new HashSet<String>();
                for (var property : node.properties()) {
                    JsonNode value = property.getValue();
                    if (!value.isString()) {
                        numbers.add(property.getKey());
                    }
                    fields.put(
                            property.getKey(),
                            value.isValueNode() && !value.isNull() ? value.asString() : null);
                }
                rows.add(new Row(fields, numbers, line));
            } catch (JacksonException e) {
                bad.add(line);
                reason = reason.isEmpty() ? reason(e) : reason;
            }
        }
        var problems = new Problems();
        refuse(ErrorCode.D_JSON, bad, "not JSON (" + reason + ")", "correct the lines", problems);
        refuse(ErrorCode.D_JSON, noObject, "is not an object", "write one object a line", problems);
        problems.throwIfAny();
        return rows;
    }

    /// What is wrong and where in its line, without the parser's remarks on its source.
    private static String reason(JacksonException e) {
        String what = e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
        int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
        return column > 0 ? what + ", column " + column : what;
    }

    private List<Row> tableRows(String text, String type, DataColumns columns) {
        boolean quoted =
                format.quote() == null ? type.equals("csv") : format.quote().equals("double");
        char separator = type.equals("csv") ? ',' : '\t';
        var lines = new ArrayList<Long>();
        List<List<String>> records = records(text, separator, quoted, lines);
        if (records.isEmpty()) {
            return List.of();
        }
        boolean header =
                format.header() == null ? looksLikeHeader(records, columns) : format.header();
        int width = records.getFirst().size();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            names.add(header ? records.getFirst().get(i) : String.valueOf(i));
        }
        for (int i = 0; header && i < width; i++) {
            int first = names.indexOf(names.get(i));
            if (first < i) {
                throw error(
                        ErrorCode.D_COLUMN,
                        ":" + lines.getFirst(),
                        "the header names '%s' twice, columns %d and %d"
                                .formatted(names.get(i), first + 1, i + 1),
                        "give each column a name of its own");
            }
        }
        if (!header && columns.text() == null && width == 2) {
            names = List.of("text", "label");
        }
        var rows = new ArrayList<Row>();
        var ragged = new ArrayList<Long>();
        for (int r = header ? 1 : 0; r < records.size(); r++) {
            List<String> values = records.get(r);
            if (values.size() != width) {
                ragged.add(lines.get(r));
                continue;
            }
            var fields = new LinkedHashMap<String, String>();
            for (int i = 0; i < width; i++) {
                fields.put(names.get(i), values.get(i));
            }
            rows.add(new Row(fields, Set.of(), lines.get(r)));
        }
        refuse(
                ErrorCode.D_ROW,
                ragged,
                "expected " + width + " fields; there is another number",
                quoted
                        ? "check the quotes; where they are literal, \"quote\": \"none\""
                        : "correct the rows");
        return rows;
    }

    private static boolean looksLikeHeader(List<List<String>> records, DataColumns columns) {
        List<String> first = records.getFirst();
        var wanted = new ArrayList<>(TEXT);
        wanted.addAll(LABEL);
        for (String name :
                new String[] {
                    columns.text(), columns.textPair(), columns.label(), columns.target()
                }) {
            if (name != null && !name.chars().allMatch(Character::isDigit)) {
                wanted.add(name);
            }
        }
        return first.stream().anyMatch(wanted::contains);
    }

    /// Splits into records; a quoted field may hold separators and line ends.
    private List<List<String>> records(
            String text, char separator, boolean quoted, List<Long> lines) {
        var records = new ArrayList<List<String>>();
        var fields = new ArrayList<String>();
        var field = new StringBuilder();
        long line = 1;
        long start = 1;
        boolean inside = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean end = c == '\n' || c == '\r';
            if (end && c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                i++;
            }
            line += end ? 1 : 0;
            if (inside) {
                if (c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    field.append('"');
                    i++;
                } else if (c == '"') {
                    inside = false;
                } else {
                    field.append(end ? '\n' : c);
                }
            } else if (quoted && c == '"' && field.isEmpty()) {
                inside = true;
            } else if (c == separator) {
                fields.add(field.toString());
                field.setLength(0);
            } else if (end) {
                finish(records, fields, field, lines, start);
                start = line;
            } else {
                field.append(c);
            }
        }
        if (inside) {
            throw error(
                    ErrorCode.D_ROW,
                    ":" + start,
                    "the quote that opens here is never closed",
                    "close it; where quotes are literal, \"format\": {\"quote\": \"none\"}");
        }
        finish(records, fields, field, lines, start);
        return records;
    }

    private static void finish(
            List<List<String>> records,
            List<String> fields,
            StringBuilder field,
            List<Long> lines,
            long start) {
        if (!fields.isEmpty() || !field.isEmpty()) {
            fields.add(field.toString());
            records.add(List.copyOf(fields));
            lines.add(start);
        }
        fields.clear();
        field.setLength(0);
    }

    private String column(String wanted, List<String> usual, List<String> known, String required) {
        if (wanted != null) {
            if (known.contains(wanted)) {
                return wanted;
            }
            String near = Suggestion.nearest(wanted, known);
            throw error(
                    ErrorCode.D_COLUMN,
                    "",
                    "no column '" + wanted + "'; there are " + String.join(", ", known),
                    near.isEmpty() ? "name one of them" : "did you mean '" + near + "'?");
        }
        for (String name : usual) {
            if (known.contains(name)) {
                return name;
            }
        }
        if (required == null) {
            return null;
        }
        throw error(
                ErrorCode.D_COLUMN,
                "",
                "no column of the usual names for the "
                        + required
                        + "; there are "
                        + String.join(", ", known),
                known.size() == 1 && known.getFirst().contains(",")
                        ? "\"format\": {\"type\": \"csv\"}, if commas separate the fields"
                        : "\"columns\": {\""
                                + required
                                + "\": \""
                                + likely(required, usual, known)
                                + "\"}");
    }

    /// The column that is spelled most like a usual name; else one that has no usual name.
    private static String likely(String required, List<String> usual, List<String> known) {
        String near = Suggestion.nearest(required, known);
        return !near.isEmpty()
                ? near
                : known.stream()
                        .filter(name -> !TEXT.contains(name) && !PAIR.contains(name))
                        .filter(name -> !LABEL.contains(name) && !usual.contains(name))
                        .findFirst()
                        .orElse(known.getFirst());
    }

    private CgloraException error(ErrorCode code, String place, String what, String fix) {
        return new CgloraException(code, path + place, what, fix);
    }
}
