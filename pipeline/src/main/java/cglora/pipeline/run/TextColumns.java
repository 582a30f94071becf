package cglora.pipeline.run;

import cglora.models.adapter.PeftAdapter;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Which columns a model's texts came from in training, and whether they were pairs: kept with what
/// was learnt, so that other rows are read in the same way later.
///
/// @param text  null where the usual names were looked for
/// @param pair  of the second text, likewise
/// @param pairs whether texts had a second one; unknown is false
public record TextColumns(String text, String pair, boolean pairs) {
    /// Where nothing is said.
    private static final TextColumns UNKNOWN = new TextColumns(null, null, false);

    private static final String TEXT = "text_column";
    private static final String PAIR = "text_pair_column";
    private static final String PAIRS = "text_pairs";

    static TextColumns of(Inputs inputs) {
        return new TextColumns(
                inputs.dataSpec().columns().text(),
                inputs.dataSpec().columns().textPair(),
                inputs.examples().train().rows().hasPairs());
    }

    static TextColumns of(Map<String, String> metadata) {
        return new TextColumns(
                metadata.get("cglora." + TEXT),
                metadata.get("cglora." + PAIR),
                Boolean.parseBoolean(metadata.get("cglora." + PAIRS)));
    }

    /// As a model's `config.json` says in `cglora`.
    static TextColumns of(JsonNode config) {
        JsonNode own = config.path("cglora");
        return new TextColumns(
                own.path(TEXT).asString(null),
                own.path(PAIR).asString(null),
                own.path(PAIRS).asBoolean(false));
    }

    /// Of an adapter, a model with its head, or the run that has one.
    ///
    /// @throws cglora.kernels.error.CgloraException one of the A codes for an adapter that cannot
    ///     be read
    public static TextColumns of(Path folder) {
        Path place = Predictor.place(folder);
        if (!Predictor.isWhole(place)) {
            return of(PeftAdapter.read(place).metadata());
        }
        try {
            return of(
                    JsonMapper.shared().readTree(Files.readAllBytes(place.resolve("config.json"))));
        } catch (IOException | JacksonException _) {
            return UNKNOWN; // loading the model says what is wrong
        }
    }

    /// For an adapter's metadata.
    Map<String, String> metadata() {
        var values = new TreeMap<String, String>();
        if (text != null) {
            values.put("cglora." + TEXT, text);
        }
        if (pair != null) {
            values.put("cglora." + PAIR, pair);
        }
        if (pairs) {
            values.put("cglora." + PAIRS, "true");
        }
        return values;
    }

    /// For `config.json`.
    void putInto(ObjectNode own) {
        if (text != null) {
            own.put(TEXT, text);
        }
        if (pair != null) {
            own.put(PAIR, pair);
        }
        if (pairs) {
            own.put(PAIRS, true);
        }
    }

    /// The columns of a file that is to be answered: those that are asked for, else those of the
    /// training where the file has them, else those of the usual names.
    ///
    /// @param asked  the column of the text; null for none
    /// @param second of the second text; null for none
    /// @param single whether there is to be no second text
    public DataColumns in(
            Path file, DataFormat format, String asked, String second, boolean single) {
        // as texts, not as what is asked for: a column of the training need not be there
        var names =
                new DataColumns(asked != null ? asked : text, second != null ? second : pair, null);
        Set<String> known =
                text == null && pair == null
                        ? Collections.emptySet()
                        : DataReader.head(file, format, names, 1).rows().getFirst().keySet();
        String first = asked != null ? asked : known.contains(text) ? text : null;
        String other =
                single
                        ? DataColumns.NONE
                        : second != null ? second : known.contains(pair) ? pair : null;
        return DataColumns.asked(first, other);
    }
}
