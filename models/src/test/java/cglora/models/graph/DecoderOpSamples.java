package cglora.models.graph;

import cglora.kernels.attention.AttentionMask;
import cglora.kernels.attention.AttentionMask.Queries;
import java.util.Arrays;
import java.util.List;

/// Samples of the ops that decoders are made of.
final class DecoderOpSamples {
    private DecoderOpSamples() {}

    static List<OpSample> all() {
        return List.of(
                new OpSample("RmsNorm", d -> rmsNorm(d, 1)),
                new OpSample("RmsNorm of heads", d -> rmsNorm(d, d.oneOf(2, 3))),
                new OpSample(
                        "Embedding",
                        d -> {
                            int rows = d.size();
                            return new Embedding(d.ints(0, 7, rows), d.floats(7, d.size()));
                        }),
                new OpSample("Rotary", d -> rotary(d, 0, false)),
                new OpSample("Rotary of a part, back", d -> rotary(d, 3, true)),
                new OpSample("GatedActivation silu", d -> gated(d, GatedActivation.Form.SILU)),
                new OpSample("GatedActivation gelu", d -> gated(d, GatedActivation.Form.GELU_TANH)),
                new OpSample(
                        "LastPool",
                        d -> {
                            int batch = d.size();
                            int width = d.size();
                            return new LastPool(
                                    d.floats(batch * width, d.size()), d.ints(0, width + 1, batch));
                        }),
                new OpSample(
                        "TakeRows",
                        d -> {
                            int batch = d.size();
                            int width = d.size();
                            return new TakeRows(
                                    d.floats(batch * width, d.size()),
                                    d.ints(0, width, batch),
                                    d.oneOf(1, 2, width));
                        }),
                new OpSample(
                        "GatherRows",
                        d -> {
                            int rows = d.size();
                            int[] places = d.places(rows, d.size());
                            return new GatherRows(
                                    d.floats(rows, d.size()),
                                    d.given(places),
                                    d.given(back(places, rows)));
                        }),
                new OpSample(
                        "KeepRows",
                        d -> {
                            int batch = d.oneOf(1, 2, 3);
                            int width = d.oneOf(1, 2, 5);
                            int free = d.oneOf(0, 1, 4);
                            int size = d.size();
                            return new KeepRows(
                                    d.constants(batch * width, size),
                                    d.ints(0, free + 1, batch),
                                    d.constants(batch * (width + free), size));
                        }),
                new OpSample("Attention of shared keys", d -> attention(d, AttentionMask.FULL)),
                new OpSample("Attention causal", d -> attention(d, AttentionMask.causal(0))),
                // in a window of one key the queries' gradient is rounding alone
                new OpSample(
                        "Attention in a window",
                        d -> attention(d, AttentionMask.causal(d.oneOf(2, 3)))),
                new OpSample(
                        "Attention of packed rows",
                        d -> attention(d, AttentionMask.causal(0).inPackedRows())),
                new OpSample(
                        "Attention of packed rows in a window",
                        d -> attention(d, AttentionMask.causal(d.oneOf(2, 3)).inPackedRows())),
                new OpSample("Attention across", d -> attention(d, AttentionMask.ACROSS)),
                new OpSample(
                        "Attention that goes on",
                        d -> attention(d, AttentionMask.causal(d.oneOf(0, 2)).last())));
    }

    /// Of each row which of the taken ones it is; -1 for none.
    private static int[] back(int[] places, int rows) {
        int[] back = new int[rows];
        Arrays.fill(back, -1);
        for (int i = 0; i < places.length; i++) {
            if (places[i] >= 0) {
                back[places[i]] = i;
            }
        }
        return back;
    }

    /// @param rest elements of a head that stay
    private static Op rotary(OpInputs d, int rest, boolean back) {
        int rows = d.size();
        int heads = d.oneOf(1, 2, 3);
        int half = d.oneOf(1, 2, 5);
        return new Rotary(
                d.floats(rows, heads * (2 * half + rest)),
                d.ints(0, 7, rows),
                d.constants(7, half),
                d.constants(7, half),
                heads,
                back);
    }

    private static Op gated(OpInputs d, GatedActivation.Form form) {
        int rows = d.size();
        int width = d.size();
        return new GatedActivation(d.floats(rows, width), d.floats(rows, width), form);
    }

    private static Op attention(OpInputs d, AttentionMask mask) {
        int batch = d.oneOf(1, 2, 3);
        int width = d.oneOf(1, 2, 3, 5);
        int keyWidth = mask.queries() == Queries.OWN ? width : d.oneOf(3, 5, 7);
        int keyHeads = d.oneOf(1, 2);
        int heads = keyHeads * d.oneOf(1, 2, 3);
        int headSize = d.oneOf(1, 3, 5);
        return new Attention(
                d.floats(batch * width, heads * headSize),
                d.floats(batch * keyWidth, keyHeads * headSize),
                d.floats(batch * keyWidth, keyHeads * headSize),
                mask.packed() ? d.starts(batch, width) : d.ints(0, keyWidth + 1, batch),
                heads,
                (float) (1 / Math.sqrt(headSize)),
                mask);
    }

    private static Op rmsNorm(OpInputs d, int groups) {
        int hidden = d.size();
        return new RmsNorm(
                d.floats(d.size(), groups * hidden), d.floats(hidden), d.oneOf(1e-6f, 1e-5f, 0.1f));
    }
}
