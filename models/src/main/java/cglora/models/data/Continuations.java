package cglora.models.data;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Rows with the answers that a model is to write, wherever they are kept.
///
/// @param tokens      what is read of each row, the answer behind it where answers go on there
/// @param answers     of each row, as in [Continuation]; made anew each time where they are in a
///     file
/// @param isAnswerCut whether the answer of the row at a place has lost its end
public record Continuations(TokenList tokens, List<int[]> answers, IntPredicate isAnswerCut) {
    /// Rows in memory.
    static Continuations of(List<Continuation> all) {
        return new Continuations(
                TokenList.of(all.stream().map(Continuation::tokens).toList()),
                all.stream().map(Continuation::answer).toList(),
                i -> all.get(i).isAnswerCut());
    }

    /// Rows of a file, which stay there.
    static Continuations read(TokenFile file, int[] rows) {
        int[] places = rows.clone();
        return new Continuations(
                file.select(places),
                new Answers(places.length, i -> file.answer(places[i])),
                i -> file.isAnswerCut(places[i]));
    }

    public int size() {
        return tokens.size();
    }

    /// The rows at the given places.
    public Continuations select(int[] places) {
        int[] chosen = places.clone();
        return new Continuations(
                tokens.select(chosen),
                new Answers(chosen.length, i -> answers.get(chosen[i])),
                i -> isAnswerCut.test(chosen[i]));
    }

    /// How many answers have lost their ends.
    public long cut() {
        return IntStream.range(0, size()).filter(isAnswerCut).count();
    }

    /// The places of the rows that have an answer.
    public int[] answered() {
        return IntStream.range(0, size()).filter(i -> answers.get(i).length > 0).toArray();
    }

    /// Examples whose answers go on behind what is read.
    public Dataset behind() {
        return dataset(i -> tokens.fullLength(i) > tokens.length(i));
    }

    /// Examples whose answers are texts of their own.
    ///
    /// @param maxLength of what is read
    public Dataset beside(int maxLength) {
        return dataset(i -> tokens.fullLength(i) > maxLength);
    }

    private Dataset dataset(IntPredicate isCut) {
        int size = size();
        return new Dataset(
                tokens,
                new int[size],
                new float[size],
                answers,
                (int) IntStream.range(0, size).filter(isCut).count(),
                IntStream.range(0, size).map(tokens::fullLength).max().orElse(0));
    }

    private static final class Answers extends AbstractList<int[]> implements RandomAccess {
        private final int size;
        private final IntFunction<int[]> each;

        Answers(int size, IntFunction<int[]> each) {
            this.size = size;
            this.each = each;
        }

        @Override
        public int[] get(int place) {
            return each.apply(place);
        }

        @Override
        public int size() {
            return size;
        }
    }
}
