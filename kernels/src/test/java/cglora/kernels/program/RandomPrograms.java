package cglora.kernels.program;

import cglora.kernels.pooling.PoolingKernels;
import cglora.kernels.reduction.ReductionKernels;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// A random list of launches over buffers of many sizes, each of which has been written before it
/// is read.
record RandomPrograms(
        List<Launch> launches, Set<Buffer> inputs, Set<Buffer> outputs, List<Buffer> buffers) {

    static RandomPrograms make(long seed) {
        var random = new Random(seed);
        var buffers = new ArrayList<Buffer>();
        var inputs = new LinkedHashSet<Buffer>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            inputs.add(Buffer.scratch("in" + i, DataType.FLOAT32, 1 + random.nextInt(90)));
        }
        var lengths = Buffer.scratch("lengths", DataType.INT32, 1);
        buffers.addAll(inputs);
        inputs.add(lengths);
        var launches = new ArrayList<Launch>();
        int count = 1 + random.nextInt(40);
        for (int i = 0; i < count; i++) {
            Buffer from = recent(buffers, random);
            Buffer to = Buffer.scratch("b" + i, DataType.FLOAT32, from.length());
            switch (random.nextInt(5)) {
                case 0 -> {
                    Buffer other = recent(buffers, random);
                    int n = Math.min(from.length(), other.length());
                    launches.add(Launch.of(ReductionKernels.ADD_INTO, n, from, other, 0.5f));
                }
                case 1 -> {
                    launches.add(
                            Launch.of(ReductionKernels.SCALE_INTO, from.length(), from, to, 1.25f));
                    buffers.add(to);
                }
                case 2 -> {
                    launches.add(
                            Launch.of(
                                    PoolingKernels.MASK_ROWS,
                                    from.length(),
                                    from,
                                    lengths,
                                    to,
                                    from.length(),
                                    1));
                    buffers.add(to);
                }
                case 3 -> {
                    int rows = 1 + random.nextInt(from.length());
                    int columns = from.length() / rows;
                    Buffer sum = Buffer.scratch("sum" + i, DataType.FLOAT32, columns);
                    launches.add(
                            Launch.of(
                                    ReductionKernels.COLUMN_SUM,
                                    columns,
                                    from,
                                    sum,
                                    rows,
                                    columns));
                    buffers.add(sum);
                }
                default -> {
                    launches.add(Launch.of(ReductionKernels.COPY_INTO, from.length(), from, to));
                    buffers.add(to);
                }
            }
        }
        var outputs = new LinkedHashSet<Buffer>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            outputs.add(buffers.get(random.nextInt(buffers.size())));
        }
        buffers.add(lengths);
        return new RandomPrograms(launches, inputs, outputs, buffers);
    }

    /// Mostly one of the last few, so that lifetimes end.
    private static Buffer recent(List<Buffer> buffers, Random random) {
        int back = random.nextInt(random.nextInt(8) == 0 ? buffers.size() : 3);
        return buffers.get(Math.max(0, buffers.size() - 1 - back));
    }

    Program plan() {
        return Planner.plan("random", launches, inputs, outputs);
    }

    /// The same with a place of its own for every buffer.
    Program planWithoutReuse() {
        return Planner.plan(
                "apart", launches, new LinkedHashSet<>(buffers), new LinkedHashSet<>(buffers));
    }
}
