package cglora.pipeline.run;

import cglora.models.data.Packing;
import cglora.pipeline.spec.TrainSpec;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What packing saves of a training.
///
/// @param examples of the training
/// @param rows     that they are packed into
/// @param capacity tokens that a row holds
/// @param before   the share of the positions of an epoch that would be padding with as many
///     rows in a batch and an example in each, sorted by length as training without packing has
///     them
/// @param after    the same as they are packed
record PackingShares(int examples, int rows, int capacity, double before, double after) {
    /// Empty where nothing is packed.
    static Optional<PackingShares> of(Inputs inputs, TrainSpec training) {
        Inputs own = inputs.on(training.data());
        Packing packing = own.packing();
        if (packing == null) {
            return Optional.empty();
        }
        int size = training.perDeviceBatchSize();
        long seed = TrainerOptions.of(inputs, training).seed();
        return Optional.of(
                new PackingShares(
                        own.train().size(),
                        packing.rows(),
                        packing.capacity(),
                        own.batcher(size).over(own.train()).padding(packing.tokens(), seed, 0),
                        own.trainingBatches(size).padding(packing.tokens(), seed, 0)));
    }

    /// For the run's record.
    Map<String, Object> event(String stage) {
        var event = new LinkedHashMap<String, Object>();
        event.put("stage", stage);
        event.put("examples", examples);
        event.put("rows", rows);
        event.put("row_tokens", capacity);
        event.put("padding_before", before);
        event.put("padding", after);
        return event;
    }

    /// `3200 examples in 412 rows of 512 tokens, padding 38.1 % -> 2.3 %`.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%d examples in %d rows of %d tokens, padding %.1f %% -> %.1f %%",
                examples,
                rows,
                capacity,
                100 * before,
                100 * after);
    }
}
