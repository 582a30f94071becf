package cglora.kernels.attention;

/// Which keys a query sees, beside the padding that no query sees.
///
/// @param queries where the queries stand among the keys
/// @param causal  whether a query sees only keys that are not behind it
/// @param window  how many keys a query sees at most, itself and those in front of it; 0 for no
///     limit, and only where `causal`
/// @param packed  whether a row holds several sequences one behind the other, each of which sees
///     its own keys only; only where queries are at their own keys and `causal`
public record AttentionMask(Queries queries, boolean causal, int window, boolean packed) {
    /// Where the queries stand among the keys. The order is that of the kernels' numbers.
    public enum Queries {
        /// Query `i` is at key `i`; those behind the last key are padding.
        OWN,
        /// The queries are the last of the keys: what follows on keys that are kept.
        LAST,
        /// The keys are those of another sequence; every query is real.
        OTHERS
    }

    /// Every query sees every key of its own sequence.
    public static final AttentionMask FULL = new AttentionMask(Queries.OWN, false, 0, false);

    /// Every query sees every key of another sequence.
    public static final AttentionMask ACROSS = new AttentionMask(Queries.OTHERS, false, 0, false);

    public AttentionMask {
        if (window < 0
                || window > 0 && !causal
                || causal && queries == Queries.OTHERS
                || packed && !(causal && queries == Queries.OWN)) {
            throw new IllegalArgumentException(
                    "a window of %d, causal %s, over %s keys, packed %s"
                            .formatted(window, causal, queries, packed));
        }
    }

    /// A query sees itself and what is in front of it.
    ///
    /// @param window at most so many keys; 0 for no limit
    public static AttentionMask causal(int window) {
        return new AttentionMask(Queries.OWN, true, window, false);
    }

    /// The same for queries that follow on keys that are kept.
    public AttentionMask last() {
        return new AttentionMask(Queries.LAST, causal, window, packed);
    }

    /// The same in rows of several sequences.
    public AttentionMask inPackedRows() {
        return new AttentionMask(queries, causal, window, true);
    }

    /// The position of query `i` among the keys.
    ///
    /// @param width queries of a sequence
    /// @param keys  real keys of its sequence
    public int position(int i, int width, int keys) {
        return queries == Queries.LAST ? keys - width + i : i;
    }

    /// The first key that query `i` sees.
    public int begin(int i, int width, int keys) {
        return window == 0 ? 0 : Math.max(0, position(i, width, keys) - window + 1);
    }

    /// Behind the last key that query `i` sees; not above [#begin] for one that sees none.
    public int end(int i, int width, int keys) {
        int position = position(i, width, keys);
        if (queries != Queries.OTHERS && (position < 0 || position >= keys)) {
            return 0;
        }
        return causal ? position + 1 : keys;
    }
}
