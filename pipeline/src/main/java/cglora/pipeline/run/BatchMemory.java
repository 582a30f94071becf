package cglora.pipeline.run;

import cglora.kernels.program.Program;
import cglora.models.data.BatchShape;
import cglora.models.data.Dataset;
import cglora.models.training.Session;
import java.util.Arrays;
import java.util.List;

/// The memory of the largest batches: activations of programs that are planned and never run, and
/// what the host reads of them.
final class BatchMemory {
    private final Inputs inputs;
    private final Session session;
    private long largest;

    BatchMemory(Inputs inputs, Session session) {
        this.inputs = inputs;
        this.session = session;
    }

    /// Bytes of a program's activations.
    long of(Program program) {
        largest = Math.max(largest, program.largestArenaBytes());
        return program.scratchBytes();
    }

    /// Bytes of the largest array that cannot be split of all programs since the last call.
    long takeLargest() {
        long taken = largest;
        largest = 0;
        return taken;
    }

    /// The largest batch of some data sets of a data stage.
    static BatchShape largest(int batch, Inputs of, Dataset... sets) {
        return largest(batch, Arrays.stream(sets).map(of.batcher(batch)::largest).toList());
    }

    private static BatchShape largest(int batch, List<BatchShape> shapes) {
        return new BatchShape(
                batch,
                shapes.stream().mapToInt(BatchShape::width).max().orElseThrow(),
                shapes.stream().mapToInt(BatchShape::targetWidth).max().orElseThrow());
    }

    /// Bytes of the activations of an evaluation of any split.
    long evaluation() {
        int batch = Inputs.EVALUATION_BATCH;
        List<BatchShape> shapes =
                inputs.onEach().stream()
                        .map(in -> largest(batch, in, in.train(), in.validation(), in.test()))
                        .toList();
        return of(session.evaluator().planned(largest(batch, shapes)));
    }

    /// Bytes of what the host reads of a batch's tokens over the vocabulary or the classes.
    long logits(BatchShape shape) {
        long tokens = (long) shape.rows() * shape.targetWidth();
        return Float.BYTES * tokens * inputs.outputs();
    }
}
