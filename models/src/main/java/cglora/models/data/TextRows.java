package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Rows whose texts are in memory.
public final class TextRows implements Rows {
    private final List<RawExample> examples;
    private final List<SourceFile> files;
    private final List<String> labels;
    private final int[] label;
    private final float[] target;
    private final Map<String, Integer> tags;

    /// @param regression whether labels are numbers
    /// @param files      of the rows, in order; empty where they come from elsewhere
    TextRows(List<RawExample> examples, boolean regression, List<SourceFile> files) {
        this.examples = List.copyOf(examples);
        this.files = List.copyOf(files);
        this.label = new int[regression ? 0 : examples.size()];
        this.target = new float[regression ? examples.size() : 0];
        var places = new HashMap<String, Integer>();
        var names = new ArrayList<String>();
        this.tags = places;
        this.labels = Collections.unmodifiableList(names);
        for (int row = 0; row < examples.size(); row++) {
            if (examples.get(row).words() != null) {
                for (String tag : examples.get(row).words().tags()) {
                    if (!tag.equals(TaggedWords.IGNORED)
                            && places.putIfAbsent(tag, names.size()) == null) {
                        names.add(tag);
                    }
                }
                continue;
            }
            String text = examples.get(row).label();
            if (regression) {
                target[row] = Labels.target(text);
            } else {
                label[row] =
                        places.computeIfAbsent(
                                text,
                                name -> {
                                    names.add(name);
                                    return names.size() - 1;
                                });
            }
        }
    }

    /// Rows that no file holds.
    public static TextRows of(List<RawExample> examples, boolean regression) {
        return new TextRows(examples, regression, List.of());
    }

    @Override
    public int size() {
        return examples.size();
    }

    @Override
    public Sentences sentences(int[] rows, Tokenizer tokenizer, int maxLength) {
        return Sentences.of(
                Arrays.stream(rows)
                        .parallel()
                        .mapToObj(examples::get)
                        .map(e -> WordTokens.of(e.words().words(), tokenizer, maxLength))
                        .toList());
    }

    @Override
    public Continuations continuations(int[] rows, Answering answering) {
        return Continuations.of(
                Arrays.stream(rows)
                        .parallel()
                        .mapToObj(row -> answering.of(examples.get(row), where(row)))
                        .toList());
    }

    private String where(int row) {
        return file(row).orElse("row") + ":" + line(row);
    }

    @Override
    public boolean hasConversations() {
        return examples.stream().anyMatch(e -> e.conversation() != null);
    }

    @Override
    public int[] tags(int row) {
        return examples.get(row).words().tags().stream()
                .mapToInt(tag -> tags.getOrDefault(tag, -1))
                .toArray();
    }

    @Override
    public long line(int row, int word) {
        return examples.get(row).words().line(line(row), word);
    }

    /// A row as its file has it.
    public RawExample example(int row) {
        return examples.get(row);
    }

    @Override
    public List<String> labels() {
        return labels;
    }

    @Override
    public int label(int row) {
        return label[row];
    }

    @Override
    public float target(int row) {
        return target[row];
    }

    @Override
    public long line(int row) {
        return examples.get(row).line();
    }

    @Override
    public Optional<String> file(int row) {
        return files.reversed().stream()
                .filter(file -> file.firstRow() <= row)
                .findFirst()
                .map(SourceFile::path);
    }

    @Override
    public long textHash(int row) {
        return Rows.hash(examples.get(row).text(), examples.get(row).textPair());
    }

    @Override
    public boolean hasPairs() {
        return examples.stream().anyMatch(e -> e.textPair() != null);
    }

    @Override
    public int specialTexts(int[] rows, Tokenizer tokenizer) {
        return (int)
                Arrays.stream(rows)
                        .mapToObj(examples::get)
                        .filter(
                                e ->
                                        tokenizer.holdsSpecialToken(e.text())
                                                || tokenizer.holdsSpecialToken(e.textPair()))
                        .count();
    }

    @Override
    public TokenList tokens(int[] rows, Tokenizer tokenizer, int maxLength) {
        return TokenList.of(
                Arrays.stream(rows)
                        .parallel()
                        .mapToObj(examples::get)
                        .map(e -> tokenizer.encode(e.text(), e.textPair(), maxLength))
                        .toList());
    }

    @Override
    public long mappedBytes() {
        return 0;
    }

    @Override
    public Optional<String> origin() {
        return Optional.empty();
    }

    @Override
    public void close() {} // memory only
}
