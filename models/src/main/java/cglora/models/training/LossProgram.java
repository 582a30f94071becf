package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Program;
import cglora.models.data.Batch;

/// A loaded [LossGraph] with what is gathered beside the losses.
///
/// @param weights of the terms of the loss
/// @param losses  of these terms
record LossProgram(
        Session session, LoadedProgram program, TaskGraph task, Buffer weights, Buffer losses) {
    /// What is planned, with its launches and sizes.
    Program plan() {
        return program.program();
    }

    /// Runs a batch; its losses are weighted in the sum whose gradient is taken.
    ///
    /// @param weightOf examples' weights, by their places in the data set; null for 1 each term
    /// @throws StoppedException when somebody asked to stop
    /// @throws CgloraException N-STATISTICS where a loss is not finite
    void run(Batch batch, float[] weightOf) {
        session.requireGoing();
        task.feed(program, batch);
        float[] values = batch.weights(1f);
        if (weightOf != null) {
            for (int row = 0; row < batch.examples().length; row++) {
                values[row] = weightOf[batch.examples()[row]];
            }
        }
        program.write(weights, values);
        program.run();
        requireFinite(program.read(losses), batch);
    }

    /// One example that is not finite makes every sum so: better to name it.
    ///
    /// @throws CgloraException N-STATISTICS
    private static void requireFinite(float[] losses, Batch batch) {
        int terms = losses.length / batch.rows();
        for (int i = 0; i < batch.examples().length * terms; i++) {
            if (!Float.isFinite(losses[i])) {
                int row = i / terms;
                throw new CgloraException(
                        ErrorCode.N_STATISTICS,
                        "calibrate",
                        "the loss of calibration example %d, of %d tokens, is %s"
                                .formatted(
                                        batch.examples()[row] + 1, batch.lengths()[row], losses[i]),
                        "look for weights of the model that are not finite (cglora inspect), or"
                                + " for a target that is far too large");
            }
        }
    }
}
