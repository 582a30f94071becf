package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// [AttentionKernels] on a GPU, whatever its queries see: heads that share keys, causal ones, those
/// of rows of several sequences. A work group has side × side work items, side 8 or 16, or 16 × 8
/// where heads are longer than [#LARGE_HEAD]: then a block has 8 rows, and the local arrays hold
/// it just as well.
public final class GpuAttention {
    /// The longest head that the local arrays hold.
    static final int LARGEST_HEAD = 128;

    /// The longest one in blocks of the larger side.
    static final int LARGE_HEAD = 64;

    /// Columns of a work item: as many as the smaller side needs for a head of [#LARGE_HEAD].
    static final int CELLS = 8;

    /// Those that are always computed; the others where the head is longer than their columns.
    static final int FIRST_CELLS = CELLS / 2;

    /// From one row of scores to the next: one more than the longest, against conflicts of banks.
    static final int ROW = GpuSizes.LARGEST_SIDE + 1;

    static final int BLOCK = GpuSizes.LARGEST_SIDE * (LARGE_HEAD + 1);
    static final int SCORES = GpuSizes.LARGEST_SIDE * ROW;

    /// Bytes of the gradient's local arrays, of which there are more than of the other's.
    static final long LOCAL_BYTES = 4L * (4 * BLOCK + 3 * SCORES);

    private static final int SMALL_BLOCK = 8;

    private GpuAttention() {}

    /// From one row of a block to the next: odd, against conflicts of banks.
    static int pitch(int headSize) {
        return headSize / 2 * 2 + 1;
    }

    /// Rows of a block.
    static int rows(int headSize, int side) {
        return headSize > LARGE_HEAD ? SMALL_BLOCK : side;
    }

    /// Whether a head fits into the work groups of this side.
    static boolean fits(int headSize, int side) {
        return headSize <= LARGE_HEAD || headSize <= LARGEST_HEAD && side == GpuSizes.LARGEST_SIDE;
    }

    /// A work group for each of so many blocks.
    ///
    /// @param items work items of a row
    static Grid grid(int blocks, int headSize, int side, int items) {
        int rows = rows(headSize, side);
        return new Grid(Math.max(1, blocks) * items, rows, items, rows);
    }

    /// [AttentionKernels#attentionForward]: blocks of queries.
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
        int causal = at[o + 12];
        int window = at[o + 13];
        int packed = at[o + 14];
        int hidden = heads * headSize;
        int keyHidden = keyHeads * headSize;
        int rows = context.localGroupSizeY;
        int blocks = (width + rows - 1) / rows;
        int head = context.groupIdx / blocks;
        int sequence = head / heads;
        int h = head % heads;
        int keys = packed != 0 ? keyWidth : Math.min(keyWidth, lengths[at[o + 3] + sequence]);
        int base = sequence * width * hidden + h * headSize;
        int keyBase = sequence * keyWidth * keyHidden + h / (heads / keyHeads) * headSize;
        GpuAttentionForward.attend(
                context,
                context.groupIdx % blocks * rows,
                width,
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
                causal,
                window,
                out,
                at[o + 4] + base,
                lse,
                at[o + 5] + head * width,
                scale);
    }

    /// [AttentionKernels#attentionGradient]: the blocks of keys of all heads, then those of
    /// queries.
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
        int causal = at[o + 16];
        int window = at[o + 17];
        int packed = at[o + 18];
        int hidden = heads * headSize;
        int keyHidden = keyHeads * headSize;
        int sharing = heads / keyHeads;
        int rows = context.localGroupSizeY;
        int keyBlocks = (keyWidth + rows - 1) / rows;
        int blocks = (width + rows - 1) / rows;
        int group = context.groupIdx;
        int ofKeys = group < count * keyBlocks ? 1 : 0;
        int block = ofKeys == 1 ? group : group - count * keyBlocks;
        int side = ofKeys == 1 ? keyBlocks : blocks;
        int owner = block / side;
        int sequence = ofKeys == 1 ? owner / keyHeads : owner / heads;
        int keyHead = ofKeys == 1 ? owner % keyHeads : owner % heads / sharing;
        int head = ofKeys == 1 ? keyHead * sharing : owner % heads;
        int keys = packed != 0 ? keyWidth : Math.min(keyWidth, lengths[at[o + 3] + sequence]);
        int base = sequence * width * hidden + head * headSize;
        int keyBase = sequence * keyWidth * keyHidden + keyHead * headSize;
        GpuAttentionGradient.sum(
                context,
                ofKeys,
                block % side * rows,
                ofKeys == 1 ? sharing : 1,
                width,
                keyWidth,
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
                causal,
                window,
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
