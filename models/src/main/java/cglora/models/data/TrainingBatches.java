package cglora.models.data;

import java.util.List;

/// Training examples as batches, epoch by epoch.
public interface TrainingBatches {
    /// Batches of an epoch.
    int size();

    /// A shape as large as that of the widest batch.
    BatchShape largest();

    /// All examples once, in the order of `seed` and `epoch`. A batch is made when it is asked for.
    List<Batch> epoch(long seed, int epoch);

    /// Positions of all batches of an epoch, those of padding included; no batch is made for it.
    long positions(long seed, int epoch);

    /// The share of the positions of an epoch that hold no token, 0 to 1.
    ///
    /// @param tokens of all examples
    default double padding(long tokens, long seed, int epoch) {
        return 1 - (double) tokens / positions(seed, epoch);
    }
}
