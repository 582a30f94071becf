package cglora.kernels.tornado;

import cglora.kernels.attention.AttentionKernels;
import cglora.kernels.program.Launch;
import uk.ac.manchester.tornado.api.KernelContext;

/// [AttentionKernels] on a CPU device, whatever its queries see: heads that share keys, causal
/// ones, those of rows of several sequences. By blocks in local arrays: see [CpuAttentionForward]
/// and [CpuAttentionGradient].
public final class CpuAttention {
    /// The longest head that the local arrays hold.
    static final int LARGEST_HEAD = 128;

    /// Queries of a block.
    static final int QUERIES = 32;

    /// Keys of a block.
    static final int KEYS = 64;

    private CpuAttention() {}

    /// Work groups: the range of the forward kernel is the rows of all heads, that of the gradient
    /// the heads of the keys.
    static int heads(Launch launch) {
        boolean forward = launch.kernel() == AttentionKernels.ATTENTION_FORWARD;
        return Math.max(1, forward ? launch.count() / launch.packed().get(1) : launch.count());
    }

    /// [AttentionKernels#attentionForward].
    public static void attentionForward(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            int[] at,
            int o,
            float scale) {
        int heads = at[o + 6];
        int width = at[o + 7];
        int headSize = at[o + 8];
        int keyHeads = at[o + 9];
        int keyWidth = at[o + 10];
        int places = at[o + 11];
        int packed = at[o + 14];
        int hidden = heads * headSize;
        int keyHidden = keyHeads * headSize;
        int head = context.groupIdx;
        int rows = head * width < count ? width : 0;
        int sequence = rows > 0 ? head / heads : 0;
        int h = head % heads;
        int keys = packed != 0 ? keyWidth : Math.min(keyWidth, lengths[at[o + 3] + sequence]);
        int base = sequence * width * hidden + h * headSize;
        int keyBase = sequence * keyWidth * keyHidden + h / (heads / keyHeads) * headSize;
        CpuAttentionForward.attend(
                context,
                rows,
                headSize,
                hidden,
                keyHidden,
                q,
                at[o] + base,
                k,
                at[o + 1] + keyBase,
                v,
                at[o + 2] + keyBase,
                q,
                0,
                0,
                lengths,
                at[o + 3] + sequence * width,
                packed,
                AttentionReach.firstQuery(places, width, keys),
                AttentionReach.endOfQueries(places, width, keys),
                AttentionReach.shift(places, width, keys),
                keys,
                at[o + 12],
                at[o + 13],
                out,
                at[o + 4] + base,
                lse,
                at[o + 5] + head * width,
                scale);
    }

    /// [AttentionKernels#attentionGradient].
    public static void attentionGradient(
            KernelContext context,
            int count,
            float[] q,
            float[] k,
            float[] v,
            int[] lengths,
            float[] out,
            float[] lse,
            float[] dout,
            float[] dq,
            float[] dk,
            float[] dv,
            int[] at,
            int o,
            float scale) {
        int heads = at[o + 10];
        int width = at[o + 11];
        int headSize = at[o + 12];
        int keyHeads = at[o + 13];
        int keyWidth = at[o + 14];
        int places = at[o + 15];
        int packed = at[o + 18];
        int hidden = heads * headSize;
        int keyHidden = keyHeads * headSize;
        int sharing = heads / keyHeads;
        int isThere = context.groupIdx < count ? 1 : 0;
        int pair = isThere * context.groupIdx;
        int sequence = pair / keyHeads;
        int head = pair % keyHeads * sharing;
        int keys = packed != 0 ? keyWidth : Math.min(keyWidth, lengths[at[o + 3] + sequence]);
        int base = sequence * width * hidden + head * headSize;
        int keyBase = sequence * keyWidth * keyHidden + pair % keyHeads * headSize;
        CpuAttentionGradient.sum(
                context,
                1,
                1,
                sharing,
                isThere * width,
                isThere * keyWidth,
                headSize,
                hidden,
                keyHidden,
                q,
                at[o] + base,
                k,
                at[o + 1] + keyBase,
                v,
                at[o + 2] + keyBase,
                q,
                0,
                0,
                lengths,
                at[o + 3] + sequence * width,
                packed,
                AttentionReach.firstQuery(places, width, keys),
                AttentionReach.endOfQueries(places, width, keys),
                AttentionReach.shift(places, width, keys),
                keys,
                at[o + 16],
                at[o + 17],
                out,
                at[o + 4] + base,
                lse,
                at[o + 5] + (sequence * heads + head) * width,
                dout,
                at[o + 6] + base,
                dq,
                at[o + 7] + base,
                dk,
                at[o + 8] + keyBase,
                dv,
                at[o + 9] + keyBase,
                dq,
                0,
                0,
                0,
                scale);
    }
}
