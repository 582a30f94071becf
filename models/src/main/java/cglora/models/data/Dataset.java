package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.List;

/// Tokenised examples.
///
/// @param tokens    one an example
/// @param labels    class of each; empty for regression
/// @param targets   number of each; empty for classification
/// @param truncated how many examples were cut
/// @param longest   most tokens of an example before cutting
public record Dataset(
        List<Tokens> tokens, int[] labels, float[] targets, int truncated, int longest) {

    /// @param labels null where the examples carry none (prediction)
    public static Dataset of(
            List<RawExample> examples,
            Tokenizer tokenizer,
            Labels labels,
            int maxLength,
            String source) {
        List<Tokens> tokens =
                examples.parallelStream()
                        .map(e -> tokenizer.encode(e.text(), e.textPair(), maxLength))
                        .toList();
        int longest = tokens.stream().mapToInt(Tokens::fullLength).max().orElse(0);
        int truncated = (int) tokens.stream().filter(t -> t.fullLength() > maxLength).count();
        boolean regression = labels != null && labels.regression();
        return new Dataset(
                tokens,
                labels == null || regression
                        ? new int[examples.size()]
                        : labels.indices(examples, source),
                regression ? labels.targets(examples, source) : new float[examples.size()],
                truncated,
                longest);
    }

    public int size() {
        return tokens.size();
    }

    /// The examples `from … to − 1`.
    public Dataset slice(int from, int to) {
        return new Dataset(
                tokens.subList(from, to),
                java.util.Arrays.copyOfRange(labels, from, to),
                java.util.Arrays.copyOfRange(targets, from, to),
                truncated,
                longest);
    }

    /// The examples at the given places.
    public Dataset select(int[] places) {
        var chosen = new ArrayList<Tokens>();
        int[] newLabels = new int[places.length];
        float[] newTargets = new float[places.length];
        for (int i = 0; i < places.length; i++) {
            chosen.add(tokens.get(places[i]));
            newLabels[i] = labels[places[i]];
            newTargets[i] = targets[places[i]];
        }
        return new Dataset(chosen, newLabels, newTargets, truncated, longest);
    }
}
