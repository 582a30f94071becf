package cglora.models.tokenizer;

import java.util.Locale;

/// Which tokens go where a text or a pair has too many, with the names that transformers has.
///
/// @param strategy which of two texts is cut
/// @param side     where it is cut
public record Truncation(Strategy strategy, Side side) {
    /// Which of two texts is cut; a text alone always is.
    public enum Strategy {
        /// The longer one, token by token.
        LONGEST_FIRST,
        ONLY_FIRST,
        ONLY_SECOND
    }

    /// Where a text loses tokens.
    public enum Side {
        /// At its end.
        RIGHT,
        /// At its beginning.
        LEFT
    }

    /// As transformers' tokenizers do where nothing is said.
    public static final Truncation DEFAULT = new Truncation(Strategy.LONGEST_FIRST, Side.RIGHT);

    /// By the names that [#strategyName] and [#sideName] give.
    ///
    /// @throws IllegalArgumentException for other names
    public static Truncation of(String strategy, String side) {
        return new Truncation(
                Strategy.valueOf(strategy.toUpperCase(Locale.ROOT)),
                Side.valueOf(side.toUpperCase(Locale.ROOT)));
    }

    public String strategyName() {
        return strategy.name().toLowerCase(Locale.ROOT);
    }

    public String sideName() {
        return side.name().toLowerCase(Locale.ROOT);
    }

    /// How many tokens of each text stay.
    ///
    /// @param lengths of the texts; 0 for a second one that is not there
    /// @param excess  tokens that have to go
    /// @return null where the text that may be cut would lose all of its tokens, or more
    int[] kept(int[] lengths, int excess) {
        int[] keep = lengths.clone();
        boolean single = lengths[1] == 0;
        switch (single ? Strategy.ONLY_FIRST : strategy) {
            case ONLY_FIRST -> keep[0] -= excess;
            case ONLY_SECOND -> keep[1] -= excess;
            case LONGEST_FIRST -> {
                for (int left = excess; left > 0; left--) {
                    keep[keep[0] > keep[1] ? 0 : 1]--;
                }
            }
        }
        boolean enough = strategy == Strategy.LONGEST_FIRST || single;
        keep[0] = Math.max(0, keep[0]);
        keep[1] = Math.max(0, keep[1]);
        return enough || keep[0] > 0 && keep[1] > 0 ? keep : null;
    }
}
