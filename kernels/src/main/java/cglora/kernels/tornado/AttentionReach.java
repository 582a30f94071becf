package cglora.kernels.tornado;

/// Which keys the queries of one sequence see, in the terms of all variants of attention: query
/// `i` stands at the key `i + shift`, and only the queries of a range are real. Both ends of what
/// a query sees grow with the query, so that what the real queries of a block see lies between
/// the first one's beginning and the last one's end.
final class AttentionReach {
    private AttentionReach() {}

    /// The first key that the query at `position` sees.
    ///
    /// @param window at most so many keys; 0 for no limit
    /// @param mark   where the query's own sequence begins, in rows of several; otherwise 0
    static int begin(int position, int window, int mark) {
        int begin = window > 0 ? Math.max(0, position - window + 1) : 0;
        return Math.max(begin, mark);
    }

    /// Behind the last key that the query at `position` sees.
    ///
    /// @param causal 1 where it sees none behind itself
    /// @param keys   real keys of the sequence
    static int end(int position, int causal, int keys) {
        return causal != 0 ? Math.min(keys, position + 1) : keys;
    }

    /// The first query that is real. `queries` is the number of an
    /// [cglora.kernels.attention.AttentionMask.Queries].
    static int firstQuery(int queries, int width, int keys) {
        return queries == 1 ? Math.max(0, width - keys) : 0;
    }

    /// Behind the last query that is real.
    static int endOfQueries(int queries, int width, int keys) {
        return queries == 0 ? Math.min(width, keys) : width;
    }

    /// From a query to the key at which it stands.
    static int shift(int queries, int width, int keys) {
        return queries == 1 ? keys - width : 0;
    }
}
