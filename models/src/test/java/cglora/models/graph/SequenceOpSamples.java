package cglora.models.graph;

import java.util.List;

/// Samples of the ops of encoder–decoder models.
final class SequenceOpSamples {
    private SequenceOpSamples() {}

    static List<OpSample> all() {
        return List.of(
                new OpSample("BiasedAttention", d -> attention(d, true, false)),
                new OpSample("BiasedAttention causal", d -> attention(d, true, true)),
                new OpSample("BiasedAttention without bias", d -> attention(d, false, false)),
                new OpSample(
                        "RelativeBias",
                        d -> {
                            int entries = d.oneOf(1, 3, 5);
                            return new RelativeBias(
                                    d.floats(entries, d.oneOf(1, 2, 3)),
                                    d.ints(0, entries, d.size()));
                        }),
                new OpSample(
                        "PickSequences",
                        d -> {
                            int sequences = d.oneOf(1, 3, 5);
                            int positions = d.oneOf(1, 2, 3);
                            return new PickSequences(
                                    d.constants(sequences * positions, d.size()),
                                    d.ints(0, sequences, d.size()),
                                    positions);
                        }),
                new OpSample("Relu", d -> new Relu(d.floats(d.size(), d.size()))),
                new OpSample("RowArgMax", d -> new RowArgMax(d.constants(d.size(), d.size()))));
    }

    private static Op attention(OpInputs d, boolean biased, boolean causal) {
        int batch = d.oneOf(1, 2, 3);
        int queries = d.oneOf(1, 2, 3, 5);
        int keys = causal ? queries : d.oneOf(1, 3, 4, 7);
        int heads = d.oneOf(1, 2, 3);
        int hidden = heads * d.oneOf(1, 3, 5);
        return new BiasedAttention(
                d.floats(batch * queries, hidden),
                d.floats(batch * keys, hidden),
                d.floats(batch * keys, hidden),
                biased ? d.floats(heads, queries + keys - 1) : null,
                d.ints(0, queries + 1, batch),
                d.ints(0, keys + 1, batch),
                heads,
                causal);
    }
}
