package cglora.pipeline.run;

import cglora.pipeline.spec.ExportSpec;
import java.util.Locale;

/// What a run writes, in bytes.
///
/// @param exported    the adapter or the model; 0 where nothing is exported
/// @param checkpoints at most at a time: trained tensors, two moments and the best state each
/// @param records     events, reports and, where it is kept, the adapter's start
record DiskPlan(long exported, long checkpoints, long records) {
    /// Room for what a run writes beside.
    private static final long RECORDS = 1 << 24;

    private static final double MIB = 1048576.0;

    /// @param exports whether stages may export
    static DiskPlan of(Inputs inputs, boolean exports) {
        long bytes = inputs.exportedBytes();
        long kept =
                inputs.trainings().stream()
                        .mapToLong(t -> TrainerOptions.mostCheckpoints(inputs, t))
                        .sum();
        long written = inputs.stages().stream().filter(ExportSpec.class::isInstance).count();
        return new DiskPlan(
                exports ? Math.max(1, written) * bytes : 0,
                kept * 4 * bytes,
                RECORDS + EarlierStart.bytes(inputs));
    }

    long bytes() {
        return exported + checkpoints + records;
    }

    /// `26 MiB: export 2 + checkpoints 8 + records 16`.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%.0f MiB: export %.0f + checkpoints %.0f + records %.0f",
                bytes() / MIB,
                exported / MIB,
                checkpoints / MIB,
                records / MIB);
    }
}
