package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.block.LoraLayer;
import cglora.models.training.Session;
import cglora.models.training.TrainedTensors;
import cglora.models.training.Trainer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Warns of gradients that no training should have and that do not end it: one that is far larger
/// than those before it, and none at all that reaches an adapter.
final class GradientWatch {
    /// What is far larger than the median of the steps before.
    private static final double FAR = 1000;

    /// So many steps are looked back on, and with fewer nothing is said.
    private static final int WINDOW = 100;

    private static final int FEW = 5;

    /// After so many steps a gradient must have come to every adapter.
    static final int PATIENCE = 100;

    private static final int NAMED = 3;
    private static final int MOST_WARNINGS = 3;

    private final Session session;
    private final String stage;
    private final Problems notes;
    private final double[] norms = new double[WINDOW];
    private int count;
    private int warnings;

    /// @param stage id of the training
    /// @param notes is given the warnings
    GradientWatch(Session session, String stage, Problems notes) {
        this.session = session;
        this.stage = stage;
        this.notes = notes;
    }

    /// @param step that has just been made
    /// @return whether there is something new to show
    boolean step(Trainer.Step step) {
        boolean told = false;
        double median = median();
        if (count >= FEW && median > 0 && step.gradNorm() > FAR * median) {
            told = far(step, median);
        }
        norms[count++ % WINDOW] = step.gradNorm();
        if (step.step() == PATIENCE) {
            told |= unreached();
        }
        return told;
    }

    private double median() {
        double[] sorted = Arrays.copyOf(norms, Math.min(count, WINDOW));
        Arrays.sort(sorted);
        return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
    }

    private boolean far(Trainer.Step step, double median) {
        if (warnings++ >= MOST_WARNINGS) {
            return false;
        }
        String largest =
                session.training().gradientNorms().entrySet().stream()
                        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                        .limit(NAMED)
                        .map(e -> String.format(Locale.ROOT, "%s %.2g", e.getKey(), e.getValue()))
                        .collect(Collectors.joining(", "));
        notes.warning(
                ErrorCode.N_GRADIENT,
                stage,
                String.format(
                        Locale.ROOT,
                        "gradient norm %.3g at step %d, %.0f times the median of the steps before"
                                + " it, %.3g; largest: %s%s",
                        step.gradNorm(),
                        step.step(),
                        step.gradNorm() / median,
                        median,
                        largest,
                        warnings == MOST_WARNINGS ? "; further steps are not told" : ""),
                "look for examples unlike the others, or lower train.learning_rate");
        return true;
    }

    /// Adam's second moments are zero only where no gradient has ever been.
    /// @return whether it was told
    private boolean unreached() {
        TrainedTensors tensors = session.training().tensors();
        List<String> adapted =
                session.adapters().values().stream()
                        .filter(layer -> tensors.shapes().containsKey(layer.loraB()))
                        .map(layer -> layer.module().name())
                        .toList();
        List<String> unreached =
                session.adapters().values().stream()
                        .filter(layer -> adapted.contains(layer.module().name()))
                        .filter(layer -> isUnreached(layer, tensors))
                        .map(layer -> layer.module().name())
                        .toList();
        if (unreached.isEmpty()) {
            return false;
        }
        notes.warning(
                ErrorCode.N_GRADIENT,
                stage,
                "no gradient has reached %d of %d adapters in %d steps: %s%s"
                        .formatted(
                                unreached.size(),
                                adapted.size(),
                                PATIENCE,
                                String.join(", ", unreached.stream().limit(NAMED).toList()),
                                unreached.size() > NAMED
                                        ? " and %d more".formatted(unreached.size() - NAMED)
                                        : ""),
                "leave these layers out with adapter.exclude_modules, or look at the weights behind"
                        + " them");
        return true;
    }

    private static boolean isUnreached(LoraLayer layer, TrainedTensors tensors) {
        return isZero(tensors.read(layer.loraA() + ".v"))
                && isZero(tensors.read(layer.loraB() + ".v"));
    }

    private static boolean isZero(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }
}
