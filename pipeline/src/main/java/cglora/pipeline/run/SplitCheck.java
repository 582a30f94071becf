package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec.Split;

/// What is measured on has rows: an empty split is found before anything is trained.
final class SplitCheck {
    private SplitCheck() {}

    /// A share that is held out holds something.
    ///
    /// @param examples null where they could not be read
    static void held(DataSpec spec, Examples examples, Problems problems) {
        if (examples != null && isEmptyShare(spec, examples)) {
            int rows = examples.train().size();
            problems.error(
                    ErrorCode.D_EMPTY,
                    spec.id() + ".validation_split",
                    "%s of %d rows, rounded in each class, is no row at all"
                            .formatted(spec.validationSplit(), rows),
                    "a larger share, or \"validation\": a file of its own");
        }
    }

    private static boolean isEmptyShare(DataSpec spec, Examples examples) {
        return spec.validation() == null
                && spec.validationSplit() != null
                && examples.validation().size() == 0;
    }

    /// Whether the stage says where the rows come from; otherwise its settings are told to be
    /// wrong.
    private static boolean isGiven(DataSpec spec, Split split) {
        return switch (split) {
            case TRAIN -> spec.train() != null;
            case VALIDATION -> spec.hasValidation();
            case TEST -> spec.test() != null;
        };
    }

    /// The split that a stage names.
    ///
    /// @param own   of the data stage that it is of; what could not be read is null there
    /// @param where the setting that names it
    static void measured(Inputs own, Split split, String where, Problems problems) {
        Dataset rows = own.split(split);
        if (rows == null || rows.size() > 0 || !isGiven(own.dataSpec(), split)) {
            return;
        }
        boolean told = split == Split.VALIDATION && isEmptyShare(own.dataSpec(), own.examples());
        if (!told) {
            problems.error(
                    ErrorCode.D_EMPTY,
                    where,
                    "'%s' of stage '%s' has no rows to measure on"
                            .formatted(split.jsonName(), own.dataSpec().id()),
                    "give that stage \"%s\": a file with rows, or name another split"
                            .formatted(split.jsonName()));
        }
    }
}
