package cglora.pipeline.bench;

import cglora.kernels.engine.JvmEngine;
import cglora.models.data.Batch;
import cglora.models.training.TrainingStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The losses of training steps on one and the same batch, and whether they are right: finite,
/// falling, and on a device those of the JVM engine.
final class StepLosses {
    /// The first loss is of the forward pass alone, the second of what the gradient did to `B`, the
    /// third of what it did to `A`.
    private static final int COMPARED = 3;

    /// A large model's steps on the processors end here, behind one of them, in nanoseconds.
    private static final long LONGEST = 60_000_000_000L;

    /// So far a loss may be from the expected one, as a part of it or of 1.
    private static final double TOLERANCE = 2e-3;

    private final List<Double> losses = new ArrayList<>();

    void add(double loss) {
        losses.add(loss);
    }

    /// What the first steps give on the JVM engine.
    static List<Double> expected(StepModel model) {
        try (var checkpoint = model.checkpoint();
                var engine = new JvmEngine(Runtime.getRuntime().availableProcessors());
                var session = model.session(engine, checkpoint)) {
            var step = new TrainingStep(session);
            Batch batch = StepModel.batch(checkpoint);
            var expected = new ArrayList<Double>();
            long begin = System.nanoTime();
            while (expected.isEmpty()
                    || expected.size() < COMPARED && System.nanoTime() - begin < LONGEST) {
                expected.add(step.run(batch));
            }
            return expected;
        }
    }

    /// What is wrong, in words; empty when nothing is.
    ///
    /// @param expected the first losses; empty where there is nothing to compare with
    String wrong(List<Double> expected) {
        for (int i = 0; i < losses.size(); i++) {
            if (!Double.isFinite(losses.get(i))) {
                return "the loss of step %d is %s".formatted(i + 1, losses.get(i));
            }
        }
        for (int i = 0; i < Math.min(expected.size(), losses.size()); i++) {
            double bound = TOLERANCE * Math.max(1, Math.abs(expected.get(i)));
            if (!(Math.abs(losses.get(i) - expected.get(i)) <= bound)) {
                return "the loss of step %d is %s, on the JVM engine %s"
                        .formatted(i + 1, losses.get(i), expected.get(i));
            }
        }
        return losses.getLast() < losses.getFirst()
                ? ""
                : "the loss does not fall: %s at first, %s behind %d steps on the same batch"
                        .formatted(losses.getFirst(), losses.getLast(), losses.size() - 1);
    }

    /// A line on losses that are right.
    String agreement(List<Double> expected) {
        String fall =
                String.format(
                        Locale.ROOT,
                        "%.4f falls to %.4f in %d steps",
                        losses.getFirst(),
                        losses.getLast(),
                        losses.size() - 1);
        double farthest = 0;
        int compared = Math.min(expected.size(), losses.size());
        for (int i = 0; i < compared; i++) {
            farthest = Math.max(farthest, Math.abs(losses.get(i) - expected.get(i)));
        }
        return compared == 0
                ? fall
                : fall
                        + String.format(
                                Locale.ROOT,
                                "; the first %d differ from the JVM engine's by at most %.1e",
                                compared,
                                farthest);
    }
}
