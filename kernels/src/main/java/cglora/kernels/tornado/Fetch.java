package cglora.kernels.tornado;

import cglora.kernels.program.Buffer;
import java.util.LinkedHashMap;
import java.util.Map;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// The small outputs of a program that lie in one resident array: a task collects them in an array
/// that comes down with every execution.
final class Fetch {
    private final float[] from;
    private final Map<Buffer, Integer> starts = new LinkedHashMap<>();
    private final Map<Buffer, Integer> offsets = new LinkedHashMap<>();
    private int length;
    private float[] fetched = new float[0];

    Fetch(float[] from) {
        this.from = from;
    }

    /// @param offset where the buffer lies in the resident array
    void add(Buffer output, int offset) {
        starts.put(output, length);
        offsets.put(output, offset);
        length += output.length();
    }

    boolean holds(Buffer output) {
        return starts.containsKey(output);
    }

    void read(Buffer output, float[] target) {
        System.arraycopy(fetched, starts.get(output), target, 0, target.length);
    }

    long bytes() {
        return 4L * length;
    }

    void addTo(TaskGraph graph) {
        fetched = new float[length];
        int[] index = new int[length];
        starts.forEach(
                (output, start) -> {
                    for (int i = 0; i < output.length(); i++) {
                        index[start + i] = offsets.get(output) + i;
                    }
                });
        int[] at = {0, 0, 0};
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, index, at);
        TaskBinding.add(
                graph,
                "fetch" + System.identityHashCode(this),
                ArenaKernels.GATHER_INTO.handle(),
                0,
                length,
                from,
                index,
                fetched,
                at,
                0);
        graph.transferToHost(DataTransferMode.EVERY_EXECUTION, fetched);
    }
}
