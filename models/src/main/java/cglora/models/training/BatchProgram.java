package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Program;
import cglora.models.data.Batch;
import java.util.Map;

/// A loaded program that runs batches of one shape.
///
/// @param task   what it is given of a batch
/// @param places what the host writes and reads beside, by name
record BatchProgram(LoadedProgram program, TaskGraph task, Map<String, Buffer> places) {
    /// What is planned, with its launches and sizes.
    Program plan() {
        return program.program();
    }

    /// Writes what the task takes of a batch.
    void feed(Batch batch) {
        task.feed(program, batch);
    }

    void write(String place, float[] values) {
        program.write(places.get(place), values);
    }

    void write(String place, int[] values) {
        program.write(places.get(place), values);
    }

    void run() {
        program.run();
    }

    /// A copy of the elements that the last run has left.
    float[] read(String place) {
        return program.read(places.get(place));
    }
}
