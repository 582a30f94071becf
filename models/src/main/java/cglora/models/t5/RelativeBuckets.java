package cglora.models.t5;

/// Which bucket of the table of biases a distance between two positions falls into: near distances
/// one each, far ones in logarithmic steps (Raffel et al., arXiv 1910.10683; transformers'
/// `_relative_position_bucket`).
///
/// @param buckets     entries of the table
/// @param maxDistance this and all larger distances share a bucket
/// @param both        whether keys may lie behind their query, as in an encoder
record RelativeBuckets(int buckets, int maxDistance, boolean both) {

    /// @param distance place of the key less that of the query
    int bucket(int distance) {
        int entries = both ? buckets / 2 : buckets;
        int base = both && distance > 0 ? entries : 0;
        int far = both ? Math.abs(distance) : Math.max(-distance, 0);
        int exact = entries / 2;
        if (far < exact) {
            return base + far;
        }
        // float32, as the reference computes it: the steps' edges depend on it
        float step =
                (float) Math.log((float) far / exact)
                        / (float) Math.log((double) maxDistance / exact)
                        * (entries - exact);
        return base + Math.min(exact + (int) step, entries - 1);
    }

    /// The buckets of all distances between `queries` and `keys` positions, from `1 − queries` to
    /// `keys − 1`.
    int[] all(int queries, int keys) {
        int[] all = new int[queries + keys - 1];
        for (int d = 0; d < all.length; d++) {
            all[d] = bucket(d - queries + 1);
        }
        return all;
    }

    /// The buckets of the keys `0 … keys − 1` for one query.
    int[] ofQuery(int query, int keys) {
        int[] row = new int[keys];
        for (int j = 0; j < keys; j++) {
            row[j] = bucket(j - query);
        }
        return row;
    }
}
