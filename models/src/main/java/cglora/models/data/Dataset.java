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
/// @param answers   tokens that the model is to give for each; empty where these are classes
/// @param truncated how many examples were cut
/// @param longest   most tokens of an example before cutting
public record Dataset(
        List<Tokens> tokens,
        int[] labels,
        float[] targets,
        List<int[]> answers,
        int truncated,
        int longest) {

    /// Examples with a class or a number each.
    public Dataset(List<Tokens> tokens, int[] labels, float[] targets, int truncated, int longest) {
        this(tokens, labels, targets, List.of(), truncated, longest);
    }

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

    /// Prompts with the answers behind them.
    public static Dataset continued(List<Continuation> all) {
        List<Tokens> tokens = all.stream().map(Continuation::tokens).toList();
        int longest = tokens.stream().mapToInt(Tokens::fullLength).max().orElse(0);
        int truncated =
                (int) tokens.stream().filter(t -> t.fullLength() > t.inputIds().length).count();
        return new Dataset(
                tokens,
                new int[all.size()],
                new float[all.size()],
                all.stream().map(Continuation::answer).toList(),
                truncated,
                longest);
    }

    /// The same examples with tokens for answers.
    ///
    /// @param all one an example
    public Dataset answeredBy(List<int[]> all) {
        return new Dataset(tokens, labels, targets, List.copyOf(all), truncated, longest);
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
                answers.isEmpty() ? answers : answers.subList(from, to),
                truncated,
                longest);
    }

    /// The examples at the given places.
    public Dataset select(int[] places) {
        var chosen = new ArrayList<Tokens>();
        int[] newLabels = new int[places.length];
        float[] newTargets = new float[places.length];
        var newAnswers = new ArrayList<int[]>();
        for (int i = 0; i < places.length; i++) {
            chosen.add(tokens.get(places[i]));
            newLabels[i] = labels[places[i]];
            newTargets[i] = targets[places[i]];
            if (!answers.isEmpty()) {
                newAnswers.add(answers.get(places[i]));
            }
        }
        return new Dataset(chosen, newLabels, newTargets, newAnswers, truncated, longest);
    }
}
