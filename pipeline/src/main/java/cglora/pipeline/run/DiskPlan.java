package cglora.pipeline.run;

import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.training.TaskModel;
import cglora.pipeline.spec.ExportSpec;
import java.util.Locale;
import java.util.stream.Stream;

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
        long bytes = exportedBytes(inputs);
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

    /// Bytes of what is exported: the adapter's factors and the head, or the whole model; 0 for
    /// neither.
    static long exportedBytes(Inputs inputs) {
        if (inputs.isFull()) {
            TaskModel model = inputs.task();
            return Float.BYTES
                    * Stream.concat(
                                    model.bodyParameters().stream(),
                                    model.headParameters().stream())
                            .mapToLong(ParameterSpec::size)
                            .sum();
        }
        if (inputs.adapterSpec() == null) {
            return 0;
        }
        int shifted = AdapterLayers.isShifted(inputs.adapterSpec()) ? 2 : 1;
        long elements =
                inputs.task().headParameters().stream().mapToLong(ParameterSpec::size).sum();
        for (LoraLayer layer : AdapterLayers.of(inputs)) {
            elements += (long) shifted * layer.r() * (layer.module().in() + layer.module().out());
        }
        return Float.BYTES * elements;
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
