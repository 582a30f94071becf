package cglora.pipeline.run;

import cglora.models.block.LinearModule;
import cglora.models.data.Batch;
import cglora.models.data.TokenStream;
import cglora.models.training.CalibrationPass;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// How many tokens of the calibration examples pass through the adapted layers, and how many of
/// them the curvature is made of.
///
/// @param all   by the stream; only those that an adapted layer sees
/// @param limit of each stream; null for none
record CalibrationTokens(Map<TokenStream, Integer> all, Integer limit) {
    /// @param limit null for none
    static CalibrationTokens of(
            CalibrationPass pass, List<LinearModule> modules, List<Batch> batches, Integer limit) {
        var all = new EnumMap<TokenStream, Integer>(TokenStream.class);
        for (LinearModule module : modules) {
            all.computeIfAbsent(pass.stream(module), stream -> rows(batches, stream));
        }
        return new CalibrationTokens(all, limit);
    }

    private static int rows(List<Batch> batches, TokenStream stream) {
        int rows = 0;
        for (Batch batch : batches) {
            for (int length : batch.lengths(stream)) {
                rows += length;
            }
        }
        return rows;
    }

    /// How many of a stream are taken. Rows behind the pooling are no tokens: all are.
    int taken(TokenStream stream) {
        int there = all.get(stream);
        boolean limited = limit != null && stream != TokenStream.EXAMPLES;
        return limited ? Math.min(there, limit) : there;
    }

    /// Of the stream that has most.
    int mostTaken() {
        return all.keySet().stream().mapToInt(this::taken).max().orElse(0);
    }

    /// Whether some are left out.
    boolean isSample() {
        return all.keySet().stream().anyMatch(stream -> taken(stream) < all.get(stream));
    }

    /// `6954 tokens`; `500 of 6954 tokens`; of an encoder-decoder model
    /// `120 read and 45 written tokens`.
    String describe() {
        boolean written = all.containsKey(TokenStream.TARGET);
        boolean read = all.containsKey(TokenStream.SOURCE);
        if (!written) {
            return count(read ? TokenStream.SOURCE : TokenStream.EXAMPLES)
                    + (read ? " tokens" : " rows");
        }
        return (read ? count(TokenStream.SOURCE) + " read and " : "")
                + count(TokenStream.TARGET)
                + " written tokens";
    }

    private String count(TokenStream stream) {
        int taken = taken(stream);
        int there = all.get(stream);
        return taken < there ? taken + " of " + there : String.valueOf(there);
    }
}
