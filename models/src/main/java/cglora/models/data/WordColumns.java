package cglora.models.data;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Which columns hold lists of words and of their tags.
///
/// @param tokens   the words; null for one of the usual names
/// @param tags     one a word; null likewise
/// @param required whether every file has to have them; else a column of texts is taken first
public record WordColumns(String tokens, String tags, boolean required) {
    static final List<String> TOKENS = List.of("tokens", "words");
    static final List<String> TAGS = List.of("tags", "ner_tags", "labels");

    /// Where rows may be lists of words, and need not be.
    static final WordColumns IF_THERE = new WordColumns(null, null, false);

    /// Columns whose lists are read.
    Set<String> lists() {
        var lists = new TreeSet<String>();
        lists.addAll(tokens == null ? TOKENS : List.of(tokens));
        lists.addAll(tags == null ? TAGS : List.of(tags));
        return lists;
    }
}
