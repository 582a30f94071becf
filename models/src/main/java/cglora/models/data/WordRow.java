package cglora.models.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Makes tagged words of a row's lists, or says what is wrong with them.
///
/// @param chosen   the columns of the lists
/// @param isTagged whether each word has to have a tag
record WordRow(ColumnChoice chosen, boolean isTagged, BadRows bad) {
    /// Empty for a row that cannot be used.
    Optional<TaggedWords> read(Row row) {
        JsonNode words = list(row, chosen.text());
        if (words == null || words.isEmpty()) {
            return refuse(
                    BadRows.Kind.TEXT,
                    row,
                    "column '%s' holds no %s"
                            .formatted(chosen.text(), words == null ? "list of words" : "words"));
        }
        var texts = new ArrayList<String>();
        for (JsonNode word : words) {
            if (!word.isString()) {
                return refuse(
                        BadRows.Kind.TEXT,
                        row,
                        "column '%s' holds %s, which is no word".formatted(chosen.text(), word));
            }
            texts.add(word.asString());
        }
        if (texts.stream().allMatch(String::isBlank)) {
            return refuse(
                    BadRows.Kind.TEXT,
                    row,
                    "column '" + chosen.text() + "' holds only blank words");
        }
        return isTagged
                ? tagged(row, texts)
                : Optional.of(new TaggedWords(texts, List.of(), row.hasLines()));
    }

    private Optional<TaggedWords> tagged(Row row, List<String> words) {
        JsonNode tags = list(row, chosen.label());
        if (tags == null) {
            return refuse(
                    BadRows.Kind.TAGS,
                    row,
                    "column '" + chosen.label() + "' holds no list of tags");
        }
        if (tags.size() != words.size()) {
            return refuse(
                    BadRows.Kind.TAGS,
                    row,
                    "%d words and %d tags".formatted(words.size(), tags.size()));
        }
        var names = new ArrayList<String>();
        for (JsonNode tag : tags) {
            String name = tag.isString() ? tag.asString().strip() : "";
            if (tag.isIntegralNumber()) {
                name = tag.asString();
            }
            if (name.isEmpty()) {
                return refuse(
                        BadRows.Kind.TAGS,
                        row,
                        "column '%s' holds %s, which is no name and no whole number"
                                .formatted(chosen.label(), tag));
            }
            names.add(name);
        }
        return Optional.of(new TaggedWords(words, names, row.hasLines()));
    }

    private Optional<TaggedWords> refuse(BadRows.Kind kind, Row row, String what) {
        bad.add(kind, row.line(), what);
        return Optional.empty();
    }

    /// Null where the column holds no list.
    private static JsonNode list(Row row, String column) {
        String text = row.fields().get(column);
        if (text == null || row.numbers().contains(column) || !text.startsWith("[")) {
            return null;
        }
        JsonNode list = JsonMapper.shared().readTree(text);
        return list.isArray() ? list : null;
    }
}
