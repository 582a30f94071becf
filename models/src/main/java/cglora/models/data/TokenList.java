package cglora.models.data;

import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/// Sequences of tokens by their place, wherever they are kept: an element is made when it is asked
/// for, its length is known without.
public abstract class TokenList extends AbstractList<Tokens> implements RandomAccess {
    /// Tokens of a sequence.
    public abstract int length(int place);

    /// Tokens that it had before it was cut.
    public abstract int fullLength(int place);

    /// No token has a larger id.
    public abstract int largestId();

    /// The sequences at the given places.
    public TokenList select(int[] places) {
        return new Chosen(this, places.clone());
    }

    /// The sequences `from … to − 1`.
    public TokenList slice(int from, int to) {
        int[] places = new int[to - from];
        Arrays.setAll(places, i -> from + i);
        return select(places);
    }

    /// Sequences in memory.
    public static TokenList of(List<Tokens> sequences) {
        return sequences instanceof TokenList list ? list : new InMemory(List.copyOf(sequences));
    }

    private static final class InMemory extends TokenList {
        private final List<Tokens> sequences;

        InMemory(List<Tokens> sequences) {
            this.sequences = sequences;
        }

        @Override
        public Tokens get(int place) {
            return sequences.get(place);
        }

        @Override
        public int size() {
            return sequences.size();
        }

        @Override
        public int length(int place) {
            return sequences.get(place).inputIds().length;
        }

        @Override
        public int fullLength(int place) {
            return sequences.get(place).fullLength();
        }

        @Override
        public int largestId() {
            return sequences.stream()
                    .flatMapToInt(tokens -> Arrays.stream(tokens.inputIds()))
                    .max()
                    .orElse(0);
        }
    }

    private static final class Chosen extends TokenList {
        private final TokenList all;
        private final int[] places;

        Chosen(TokenList all, int[] places) {
            this.all = all;
            this.places = places;
        }

        @Override
        public Tokens get(int place) {
            return all.get(places[place]);
        }

        @Override
        public int size() {
            return places.length;
        }

        @Override
        public int length(int place) {
            return all.length(places[place]);
        }

        @Override
        public int fullLength(int place) {
            return all.fullLength(places[place]);
        }

        @Override
        public int largestId() {
            return all.largestId();
        }

        @Override
        public TokenList select(int[] chosen) {
            int[] direct = new int[chosen.length];
            Arrays.setAll(direct, i -> places[chosen[i]]);
            return new Chosen(all, direct);
        }
    }
}
