package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// Moves parts of one resident array between the device and the host: TornadoVM itself moves whole
/// arrays only. A part goes through a smaller array that travels, by a kernel that copies.
final class Channel {
    /// The most elements that travel at a time: 4 MiB.
    private static final int ELEMENTS = 1 << 20;

    private final TornadoEngine engine;
    private final float[] array;
    private final float[] travelling;
    private final int[] at = new int[3];
    private ResidentGraph writing;
    private ResidentGraph reading;

    Channel(TornadoEngine engine, float[] array) {
        this.engine = engine;
        this.array = array;
        this.travelling = new float[Math.min(array.length, ELEMENTS)];
    }

    /// Replaces the elements of the array from `offset` on.
    void write(float[] values, int offset) {
        if (writing == null) {
            writing = graph("write", true);
        }
        for (int start = 0; start < values.length; start += travelling.length) {
            int length = Math.min(travelling.length, values.length - start);
            System.arraycopy(values, start, travelling, 0, length);
            at[0] = 0;
            at[1] = offset + start;
            at[2] = length;
            run(writing);
            engine.statistics().moved(4L * travelling.length, 0);
        }
    }

    /// Copies `count` elements, from the one at `from` on, into `target` from `to` on.
    void read(int from, int count, float[] target, int to) {
        if (reading == null) {
            reading = graph("read", false);
        }
        for (int start = 0; start < count; start += travelling.length) {
            int length = Math.min(travelling.length, count - start);
            at[0] = from + start;
            at[1] = 0;
            at[2] = length;
            run(reading);
            System.arraycopy(travelling, 0, target, to + start, length);
            engine.statistics().moved(0, 4L * travelling.length);
        }
    }

    private void run(ResidentGraph graph) {
        try {
            graph.execute();
        } catch (RuntimeException | Error e) {
            throw engine.failure("copyPart", e);
        }
    }

    private ResidentGraph graph(String what, boolean up) {
        var copy = ArenaKernels.COPY_PART.handle();
        int count = travelling.length;
        return engine.residents()
                .graph(
                        engine.graphName(what),
                        graph -> {
                            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, at);
                            if (up) {
                                graph.transferToDevice(
                                        DataTransferMode.EVERY_EXECUTION, travelling);
                                TaskBinding.add(
                                        graph, "copy", copy, 0, count, travelling, array, at, 0);
                            } else {
                                graph.transferToDevice(
                                        DataTransferMode.FIRST_EXECUTION, travelling);
                                TaskBinding.add(
                                        graph, "copy", copy, 0, count, array, travelling, at, 0);
                                graph.transferToHost(DataTransferMode.EVERY_EXECUTION, travelling);
                            }
                        });
    }
}
