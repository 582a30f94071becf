package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.chat.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/// Makes examples of rows, and sets those aside that have no text or no label. The first row says
/// which columns are read; a later one with a column that would have changed that is an error, for
/// rows of JSON have columns of their own.
final class ExampleRows implements Consumer<Row> {
    private final DataColumns columns;
    private final boolean labelsRequired;
    private final String path;
    private final BadRows bad;
    private final Consumer<RawExample> examples;
    private final Set<String> known = new LinkedHashSet<>();
    private ColumnChoice chosen;
    private long usable;

    ExampleRows(
            DataColumns columns,
            boolean labelsRequired,
            String path,
            BadRows bad,
            Consumer<RawExample> examples) {
        this.columns = columns;
        this.labelsRequired = labelsRequired;
        this.path = path;
        this.bad = bad;
        this.examples = examples;
    }

    /// @throws CgloraException D-COLUMN at the first row of a file without the columns, and at one
    ///     with a column that rows before it lack and that would be read
    @Override
    public void accept(Row row) {
        if (chosen == null) {
            known.addAll(row.fields().keySet());
            chosen = choice();
        } else if (!known.containsAll(row.fields().keySet())) {
            more(row);
        }
        switch (chosen.kind()) {
            case TEXT -> text(row);
            case CHAT -> conversation(row);
            case WORDS -> words(row);
        }
    }

    private ColumnChoice choice() {
        return ColumnChoice.of(columns, new ArrayList<>(known), labelsRequired, path);
    }

    private void more(Row row) {
        boolean isNew = false;
        for (var field : row.fields().entrySet()) {
            isNew |= field.getValue() != null && known.add(field.getKey());
        }
        ColumnChoice now = isNew ? choice() : chosen;
        requireSame("text", chosen.text(), now.text(), row.line());
        requireSame("text_pair", chosen.pair(), now.pair(), row.line());
        if (labelsRequired) {
            requireSame("label", chosen.label(), now.label(), row.line());
        }
    }

    private void requireSame(String role, String before, String now, long line) {
        if (!Objects.equals(before, now)) {
            boolean isSecond = before == null;
            throw new CgloraException(
                    ErrorCode.D_COLUMN,
                    path + ":" + line,
                    isSecond
                            ? "has a second text, '%s', which the rows before it lack"
                                    .formatted(now)
                            : "has a column '%s', which the rows before it lack; they are read by '%s'"
                                    .formatted(now, before),
                    isSecond
                            ? "give every row '" + now + "', an empty text where there is none"
                            : "\"columns\": {\""
                                    + role
                                    + "\": \""
                                    + before
                                    + "\"} says which is read");
        }
    }

    private void text(Row row) {
        String first = row.fields().get(chosen.text());
        String second = chosen.pair() == null ? null : row.fields().get(chosen.pair());
        String label = chosen.label() == null ? null : row.fields().get(chosen.label());
        boolean noFirst = first == null || first.isBlank() || row.numbers().contains(chosen.text());
        boolean noSecond =
                chosen.pair() != null && (second == null || row.numbers().contains(chosen.pair()));
        if (noFirst || noSecond) {
            bad.add(
                    BadRows.Kind.TEXT,
                    row.line(),
                    "column '" + (noFirst ? chosen.text() : chosen.pair()) + "' holds no text");
        } else if (labelsRequired && (label == null || label.isBlank())) {
            bad.add(
                    BadRows.Kind.LABEL,
                    row.line(),
                    "column '" + chosen.label() + "' holds no label");
        } else {
            usable++;
            examples.accept(new RawExample(first, second, label, row.line()));
        }
    }

    private void words(Row row) {
        new WordRow(chosen, labelsRequired, bad)
                .read(row)
                .ifPresent(
                        words -> {
                            usable++;
                            examples.accept(new RawExample(words, row.line()));
                        });
    }

    private void conversation(Row row) {
        String messages = row.fields().get(chosen.text());
        if (messages == null) {
            bad.add(
                    BadRows.Kind.TEXT,
                    row.line(),
                    "column '" + chosen.text() + "' holds no conversation");
            return;
        }
        try {
            examples.accept(new RawExample(Conversation.of(messages, path), row.line()));
            usable++;
        } catch (CgloraException e) {
            if (e.problems().getFirst().code() != ErrorCode.D_CHAT) {
                throw e;
            }
            bad.add(
                    BadRows.Kind.TEXT,
                    row.line(),
                    "column '%s' %s".formatted(chosen.text(), e.problems().getFirst().what()));
        }
    }

    /// How many examples there were.
    long usable() {
        return usable;
    }
}
