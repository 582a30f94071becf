package cglora.models.graph;

import cglora.kernels.attention.KeyValueKernels;
import cglora.kernels.program.Launch;
import java.util.List;

/// Keeps rows of each sequence behind those that are kept already, in place; gives all that is
/// kept. It has no gradient.
///
/// @param x      [batch · width, size]
/// @param starts [batch], int: how many rows of each sequence are kept before
/// @param cache  [batch · positions, size]
public record KeepRows(Tensor x, Tensor starts, Tensor cache) implements Op {
    public KeepRows {
        long batch = starts.shape().size();
        if (cache.shape().last() != x.shape().last()
                || x.shape().rows() % batch != 0
                || cache.shape().rows() % batch != 0
                || x.shape().rows() > cache.shape().rows()) {
            throw new IllegalArgumentException(x + " kept in " + cache + " from " + starts);
        }
    }

    private int batch() {
        return Math.toIntExact(starts.shape().size());
    }

    int width() {
        return x.shape().rows() / batch();
    }

    int positions() {
        return cache.shape().rows() / batch();
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(x, starts, cache);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.into(cache, "kept", cache.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        return List.of(
                Launch.of(
                        KeyValueKernels.KEEP_ROWS,
                        x.shape().rows(),
                        x.buffer(),
                        starts.buffer(),
                        cache.buffer(),
                        width(),
                        positions(),
                        x.shape().last()));
    }
}
