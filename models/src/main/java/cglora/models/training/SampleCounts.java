package cglora.models.training;

import cglora.models.data.Batch;
import cglora.models.data.TokenStream;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What sums over a sample are divided by.
///
/// @param rows  of the inputs of a layer, by the stream that passes through it
/// @param terms n, of the mean loss: examples, or the tokens that are asked for
record SampleCounts(Map<TokenStream, Long> rows, long terms) {
    /// @param examples how many there are
    static SampleCounts of(List<Batch> batches, int examples) {
        long source = 0;
        long target = 0;
        long terms = 0;
        for (Batch batch : batches) {
            source += batch.tokens();
            target += batch.target() == null ? 0 : batch.target().count();
            terms += batch.terms();
        }
        var rows = new EnumMap<TokenStream, Long>(TokenStream.class);
        rows.put(TokenStream.SOURCE, source);
        rows.put(TokenStream.TARGET, target);
        rows.put(TokenStream.EXAMPLES, (long) examples);
        return new SampleCounts(rows, terms);
    }

    long of(TokenStream stream) {
        return rows.get(stream);
    }
}
