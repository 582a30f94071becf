package cglora.models.data;

import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import java.util.stream.IntStream;

/// Tokenised examples.
///
/// @param tokens    one an example
/// @param labels    class of each; zeros for regression
/// @param targets   number of each; zeros for classification
/// @param answers   tokens, or a class at each token, that the model is to give for each, -1 for
///     none; empty where an example has one class
/// @param truncated how many examples were cut
/// @param longest   most tokens of an example before cutting
public record Dataset(
        TokenList tokens,
        int[] labels,
        float[] targets,
        List<int[]> answers,
        int truncated,
        int longest) {
    /// Examples with a class or a number each.
    public Dataset(TokenList tokens, int[] labels, float[] targets, int truncated, int longest) {
        this(tokens, labels, targets, List.of(), truncated, longest);
    }

    /// Sequences in memory.
    public Dataset(List<Tokens> tokens, int[] labels, float[] targets, int truncated, int longest) {
        this(TokenList.of(tokens), labels, targets, truncated, longest);
    }

    /// @param labels null where the examples carry none (prediction)
    public static Dataset of(
            List<RawExample> examples,
            Tokenizer tokenizer,
            Labels labels,
            int maxLength,
            String source) {
        boolean regression = labels != null && labels.regression();
        Rows rows = TextRows.of(examples, regression);
        int[] all = IntStream.range(0, examples.size()).toArray();
        return of(rows, all, tokenizer, labels, maxLength, source);
    }

    /// @param places of the rows that are taken, in their order
    /// @param labels null where the rows carry none (prediction)
    /// @param source where they come from, for messages
    /// @throws cglora.kernels.error.CgloraException D-LABEL where a row has none of the labels
    public static Dataset of(
            Rows rows,
            int[] places,
            Tokenizer tokenizer,
            Labels labels,
            int maxLength,
            String source) {
        TokenList tokens = rows.tokens(places, tokenizer, maxLength);
        int longest = 0;
        int truncated = 0;
        for (int i = 0; i < tokens.size(); i++) {
            longest = Math.max(longest, tokens.fullLength(i));
            truncated += tokens.fullLength(i) > maxLength ? 1 : 0;
        }
        boolean regression = labels != null && labels.regression();
        return new Dataset(
                tokens,
                labels == null || regression
                        ? new int[places.length]
                        : labels.indices(rows, places, source),
                regression ? labels.targets(rows, places, source) : new float[places.length],
                truncated,
                longest);
    }

    /// Prompts with the answers behind them.
    public static Dataset continued(List<Continuation> all) {
        return Continuations.of(all).behind();
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

    /// The classes of all examples, or of all tokens that one is asked for.
    public IntStream classes() {
        return answers.isEmpty()
                ? Arrays.stream(labels)
                : answers.stream().flatMapToInt(Arrays::stream).filter(label -> label >= 0);
    }

    /// The examples `from … to − 1`.
    public Dataset slice(int from, int to) {
        return new Dataset(
                tokens.slice(from, to),
                Arrays.copyOfRange(labels, from, to),
                Arrays.copyOfRange(targets, from, to),
                answers.isEmpty() ? answers : answers.subList(from, to),
                truncated,
                longest);
    }

    /// The examples at the given places.
    public Dataset select(int[] places) {
        int[] newLabels = new int[places.length];
        float[] newTargets = new float[places.length];
        for (int i = 0; i < places.length; i++) {
            newLabels[i] = labels[places[i]];
            newTargets[i] = targets[places[i]];
        }
        return new Dataset(
                tokens.select(places),
                newLabels,
                newTargets,
                answers.isEmpty() ? answers : new Chosen(answers, places.clone()),
                truncated,
                longest);
    }

    /// Answers at some places, which are looked up when they are asked for: they may be in a file.
    private static final class Chosen extends AbstractList<int[]> implements RandomAccess {
        private final List<int[]> all;
        private final int[] places;

        Chosen(List<int[]> all, int[] places) {
            this.all = all;
            this.places = places;
        }

        @Override
        public int[] get(int place) {
            return all.get(places[place]);
        }

        @Override
        public int size() {
            return places.length;
        }
    }
}
