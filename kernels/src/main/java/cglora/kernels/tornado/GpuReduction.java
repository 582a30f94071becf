package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;

/// Reductions over a work group in one dimension, of a power of two of work items, by a tree in
/// local memory: the order of the sums is fixed. Every work item has to call them and gets the
/// result.
final class GpuReduction {
    private GpuReduction() {}

    /// Sum of the work items' values.
    static float sum(KernelContext context, float value) {
        float[] parts = context.allocateFloatLocalArray(GpuSizes.MOST_ITEMS);
        int item = context.localIdx;
        parts[item] = value;
        context.localBarrier();
        for (int half = context.localGroupSizeX >> 1; half > 0; half = half >> 1) {
            if (item < half) {
                parts[item] = parts[item] + parts[item + half];
            }
            context.localBarrier();
        }
        float sum = parts[0];
        context.localBarrier();
        return sum;
    }

    /// Largest of the work items' values.
    static float max(KernelContext context, float value) {
        float[] parts = context.allocateFloatLocalArray(GpuSizes.MOST_ITEMS);
        int item = context.localIdx;
        parts[item] = value;
        context.localBarrier();
        for (int half = context.localGroupSizeX >> 1; half > 0; half = half >> 1) {
            if (item < half) {
                parts[item] = Math.max(parts[item], parts[item + half]);
            }
            context.localBarrier();
        }
        float max = parts[0];
        context.localBarrier();
        return max;
    }
}
