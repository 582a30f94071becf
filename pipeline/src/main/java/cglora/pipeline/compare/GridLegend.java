package cglora.pipeline.compare;

import java.util.ArrayList;
import java.util.List;

/// What every number of a comparison means, for all its sections.
record GridLegend(GridComparison comparison) {
    List<String> lines() {
        GridComparison.Options options = comparison.options();
        String best = GridTables.word(options.best());
        var lines = new ArrayList<String>();
        if (comparison.sections().size() > 1) {
            lines.add(
                    "Sections: runs of other data, models or settings are compared apart. Each"
                            + " has its own choices, reference and loss to reach; no test goes across.");
        }
        lines.add(
                "Best %s: the value with the best mean validation %s over the seeds, among those with"
                                .formatted(best, options.choose())
                        + " the most seeds. The test split plays no part in the choice.");
        lines.add(
                "n: runs, one a seed. Validation and test: of the state that a run ends with; validation"
                        + " without ± is the mean. a ± b: mean and standard deviation (n - 1) over the"
                        + " runs. 95 %: percentile interval of the mean by 10,000 bootstrap resamples"
                        + " of the seeds; with few seeds it is too narrow. -: not measured, or too few"
                        + " runs.");
        lines.add(
                "Difference of a - b: a less b on the test split, seed by seed, each at its own best "
                        + best
                        + "; b is "
                        + (options.against() == null
                                ? "the method that is best on the validation split"
                                : "the method asked for")
                        + ". P (t): paired t-test, two-sided. P (Holm): the same, corrected for the"
                        + " number of methods; below 0.05 is called significant. P (permutation):"
                        + " share of sign patterns with a mean at least as far from 0; with n seeds"
                        + " it cannot be below 2 / 2^n.");
        lines.add(
                "Edge of the grid: the best "
                        + best
                        + " is the smallest or the largest tried, so a better one may lie beyond.");
        lines.add(
                "Loss at the start: after the adapter's initialisation, on the split of the runs'"
                        + " final tables, test where there is one. Steps to a loss and seconds to it:"
                        + " the first evaluation with at most this validation loss ("
                        + (options.lossTarget() == null
                                ? "the largest of the methods' means at their best " + best
                                : "as asked for")
                        + "), means of the runs that reach it, which are so many of n; seconds count"
                        + " from the first step and hold the evaluations.");
        lines.add(
                "Init s: calibration and initialisation, without the head's warm-up. Init MiB: the"
                        + " whole process then, as planned. Run s: the whole run; a run that took an"
                        + " earlier one's start is shorter by that.");
        if (isAligned()) {
            lines.add(
                    "Distance to full and cosine: of the stage align at the last step that it"
                            + " measured, means of the runs. With f0 the base model and its head, f* the"
                            + " stage's reference and f the run's model, |f - f*| / |f0 - f*| on centred"
                            + " logits (0: predicts as the reference does, 1: as far from it as the"
                            + " start), and the cosine of f - f0 and f* - f0.");
        }
        return lines;
    }

    private boolean isAligned() {
        return comparison.sections().stream().anyMatch(GridTables::isAligned);
    }
}
