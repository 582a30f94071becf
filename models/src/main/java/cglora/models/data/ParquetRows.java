package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.RepetitionType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import tools.jackson.databind.json.JsonMapper;

/// The rows of a Parquet file: its columns of texts, numbers and booleans, as [ParquetValue] has
/// them. Columns that hold lists, structures, dates or the like are passed over, unless they are
/// asked for.
final class ParquetRows {
    /// Held, or its level would be forgotten: the library tells how fast it is.
    private static final Logger LIBRARY = Logger.getLogger("dev.hardwood");

    private static final String NESTED = "lists or structures";

    /// @param isList whether it holds lists
    /// @param fields of the structures in a list of them; empty for plain values
    private record Column(String name, ParquetValue value, boolean isList, List<String> fields) {
        boolean isText() {
            return isList || value.isText();
        }
    }

    private final Path path;
    private final DataColumns wanted;

    ParquetRows(Path path, DataColumns wanted) {
        this.path = path;
        this.wanted = wanted;
    }

    /// @throws CgloraException D-FORMAT where it is damaged, packed in a way that is not read, or a
    ///     column that is asked for has no plain values
    void read(Consumer<Row> rows) throws IOException {
        LIBRARY.setLevel(Level.SEVERE);
        try (ParquetFileReader file = guarded(this::open)) {
            List<Column> columns = columns(file.getFileSchema().getRootNode());
            String[] names = columns.stream().map(Column::name).toArray(String[]::new);
            var projection = ColumnProjection.columns(names);
            try (RowReader reader =
                    guarded(() -> file.buildRowReader().projection(projection).build())) {
                var numbers = new HashSet<String>();
                for (Column column : columns) {
                    if (!column.isText()) {
                        numbers.add(column.name());
                    }
                }
                long line = 0;
                while (guarded(reader::hasNext)) {
                    line++;
                    rows.accept(guarded(row(reader, columns, numbers, line)));
                }
            }
        }
    }

    private ParquetFileReader open() {
        try {
            return ParquetFileReader.open(InputFile.of(path));
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private List<Column> columns(SchemaNode.GroupNode root) {
        var asked = new HashSet<String>();
        for (String name : new String[] {wanted.text(), wanted.textPair(), wanted.label()}) {
            asked.add(name);
        }
        if (wanted.words() != null) {
            asked.add(wanted.words().tokens());
            asked.add(wanted.words().tags());
        }
        var columns = new ArrayList<Column>();
        var passed = new LinkedHashMap<String, String>();
        for (SchemaNode node : root.children()) {
            if (node instanceof SchemaNode.PrimitiveNode leaf
                    && leaf.repetitionType() != RepetitionType.REPEATED
                    && ParquetValue.of(leaf) != null) {
                columns.add(new Column(leaf.name(), ParquetValue.of(leaf), false, List.of()));
            } else if (wanted.lists().contains(node.name())
                    && node instanceof SchemaNode.GroupNode list
                    && list.isList()
                    && list.getListElement() instanceof SchemaNode.PrimitiveNode leaf
                    && ParquetValue.of(leaf) != null) {
                columns.add(new Column(node.name(), ParquetValue.of(leaf), true, List.of()));
            } else if (node.name().equals(wanted.conversations())
                    && node instanceof SchemaNode.GroupNode list
                    && list.isList()
                    && list.getListElement() instanceof SchemaNode.GroupNode struct
                    && struct.isStruct()) {
                List<String> texts =
                        struct.children().stream()
                                .filter(
                                        child ->
                                                child instanceof SchemaNode.PrimitiveNode leaf
                                                        && ParquetValue.of(leaf)
                                                                == ParquetValue.TEXT)
                                .map(SchemaNode::name)
                                .toList();
                columns.add(new Column(node.name(), ParquetValue.TEXT, true, texts));
            } else if (asked.contains(node.name())) {
                throw unread(node.name(), describe(node));
            } else {
                passed.put(node.name(), describe(node));
            }
        }
        requireUsual(wanted.text(), ColumnChoice.TEXT, columns, passed);
        requireUsual(wanted.label(), ColumnChoice.LABEL, columns, passed);
        if (columns.isEmpty()) {
            throw error("no column holds plain values", "give the file texts and labels");
        }
        return columns;
    }

    /// Where the only column of a usual name is one that is not read, that one is named.
    private void requireUsual(
            String asked, List<String> usual, List<Column> columns, Map<String, String> passed) {
        if (asked == null && columns.stream().noneMatch(column -> usual.contains(column.name()))) {
            passed.forEach(
                    (name, what) -> {
                        if (usual.contains(name) && !what.equals(NESTED)) {
                            throw unread(name, what);
                        }
                    });
        }
    }

    private CgloraException unread(String column, String what) {
        return error(
                "column '%s' holds no plain values but %s".formatted(column, what),
                "take a column of texts, numbers or booleans");
    }

    private static String describe(SchemaNode node) {
        return switch (node) {
            case SchemaNode.GroupNode _ -> NESTED;
            case SchemaNode.PrimitiveNode leaf when ParquetValue.of(leaf) != null ->
                    "repeated values";
            case SchemaNode.PrimitiveNode leaf -> ParquetValue.name(leaf);
        };
    }

    private Supplier<Row> row(
            RowReader reader, List<Column> columns, Set<String> numbers, long line) {
        return () -> {
            reader.next();
            var fields = new LinkedHashMap<String, String>();
            for (Column column : columns) {
                String name = column.name();
                fields.put(name, reader.isNull(name) ? null : value(reader, column, line));
            }
            return new Row(fields, numbers, line);
        };
    }

    private String value(RowReader reader, Column column, long line) {
        String name = column.name();
        try {
            if (column.isList()) {
                PqList list = reader.getList(name);
                return column.fields().isEmpty()
                        ? JsonMapper.shared().writeValueAsString(values(list, column))
                        : messages(list, column.fields());
            }
            return column.value().read(reader, name);
        } catch (CharacterCodingException _) {
            throw new CgloraException(
                    ErrorCode.D_ENCODING,
                    path + ":" + line,
                    "column '" + name + "' of this row is not UTF-8",
                    "write the file anew with texts as UTF-8");
        }
    }

    private static List<?> values(PqList list, Column column) throws CharacterCodingException {
        if (column.value() != ParquetValue.TEXT) {
            return list.values();
        }
        var texts = new ArrayList<String>();
        for (byte[] text : list.binaries()) {
            texts.add(text == null ? null : ParquetValue.text(text));
        }
        return texts;
    }

    /// A list of structures of texts, as JSON.
    private static String messages(PqList list, List<String> fields)
            throws CharacterCodingException {
        var messages = new ArrayList<Map<String, String>>();
        for (PqStruct message : list.structs()) {
            var texts = new LinkedHashMap<String, String>();
            for (String field : fields) {
                if (message != null && !message.isNull(field)) {
                    texts.put(field, ParquetValue.text(message.getBinary(field)));
                }
            }
            messages.add(texts);
        }
        return JsonMapper.shared().writeValueAsString(messages);
    }

    /// What goes wrong inside the library is the file's fault.
    private <T> T guarded(Supplier<T> call) {
        try {
            return call.get();
        } catch (CgloraException e) {
            throw e;
        } catch (RuntimeException | NoClassDefFoundError e) {
            throw new CgloraException(
                    ErrorCode.D_FORMAT,
                    path.toString(),
                    "cannot be read as Parquet: " + reason(e),
                    "fetch it again, or write it anew with snappy, zstd, gzip or no compression",
                    e);
        }
    }

    /// What the library says, and what it says of the cause.
    private static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root == failure
                ? failure.getMessage()
                : failure.getMessage() + ": " + root.getMessage();
    }

    private CgloraException error(String what, String fix) {
        return new CgloraException(ErrorCode.D_FORMAT, path.toString(), what, fix);
    }
}
