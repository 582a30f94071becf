package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.Dataset;
import cglora.models.training.Session;
import java.io.IOException;
import java.nio.file.Path;

/// Compares what was read back from files with what was trained.
final class Verification {
    /// Of a logit, relative to the largest, or absolute below 1.
    static final double TOLERANCE = 1e-3;
    private static final int EXAMPLES = 32;

    private final RunState run;
    private final Inputs inputs;
    private final Dataset few;
    private final float[][] expected;

    /// Asks the model of the run, as it is now.
    Verification(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
        Dataset data = inputs.reported().size() > 0 ? inputs.reported() : inputs.train();
        this.few = data.slice(0, Math.min(EXAMPLES, data.size()));
        this.expected = run.metrics.evaluate(few).logits();
    }

    /// @param fresh   the session that read the files
    /// @param written their folder; it becomes `target.rejected` where it does not hold
    /// @param restore  gives the run's session what it had when it was asked
    /// @return the largest difference of a logit
    /// @throws CgloraException A-VERIFY when it is too large
    double compare(Session fresh, Path written, Path target, Runnable restore) throws IOException {
        float[][] logits = fresh.evaluator().evaluate(inputs.batches(few), few.size()).logits();
        double largest = 0;
        double scale = 0;
        for (int i = 0; i < logits.length; i++) {
            for (int c = 0; c < logits[i].length; c++) {
                largest = Math.max(largest, Math.abs(logits[i][c] - expected[i][c]));
                scale = Math.max(scale, Math.abs(expected[i][c]));
            }
        }
        if (!(largest <= TOLERANCE * Math.max(1, scale))) {
            ModuleOutputs found = ModuleOutputs.of(fresh);
            restore.run();
            String where = ModuleOutputs.of(run.session).farthestFrom(found);
            Path rejected = RunFolder.reject(written, target);
            throw new CgloraException(
                    ErrorCode.A_VERIFY,
                    rejected.toString(),
                    "what was written, read back, gives logits that differ by %.3g; %s"
                            .formatted(largest, where),
                    "please report it; the files are kept for a look");
        }
        return largest;
    }
}
