package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Continuations;
import cglora.models.data.Dataset;
import cglora.pipeline.spec.DataSpec;

/// The rows of a split that a language model learns from: those with an answer that is asked for.
///
/// @param warnings is told of what is cut and left out
record Continued(ContinuedAnswers answering, DataSpec spec, Problems warnings) {
    Dataset of(SplitRows split) {
        return split.rows().hasConversations() ? conversations(split) : texts(split);
    }

    private Dataset texts(SplitRows split) {
        if (spec.sourceTemplate() == null && split.rows().hasPairs()) {
            throw new CgloraException(
                    ErrorCode.D_TEXT,
                    split.source(),
                    "rows have a second text, and nothing says where it stands in the prompt",
                    "\"source_template\": \"{text}\\n{text_pair}\\n\" in the data stage");
        }
        Continuations all = split.rows().continuations(split.places(), answering);
        long cut = all.cut();
        if (cut > 0) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    split.source(),
                    "%d of %d targets do not fit and are cut".formatted(cut, all.size()),
                    "raise data.max_target_length or data.max_length");
        }
        return all.behind();
    }

    private Dataset conversations(SplitRows split) {
        if (spec.sourceTemplate() != null) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    "data.source_template",
                    "conversations are written by the tokenizer's own chat template",
                    "take it out");
        }
        answering.template();
        Continuations all = split.rows().continuations(split.places(), answering);
        int[] kept = all.answered();
        if (kept.length == 0) {
            throw new CgloraException(
                    ErrorCode.D_LENGTH,
                    split.source(),
                    "no turn of the assistant begins within %d tokens".formatted(spec.maxLength()),
                    "raise data.max_length");
        }
        if (kept.length == all.size()) {
            return all.behind();
        }
        warnings.warning(
                ErrorCode.D_TRUNC,
                split.source(),
                "%d of %d conversations are left out: no turn of the assistant begins within %d"
                                .formatted(all.size() - kept.length, all.size(), spec.maxLength())
                        + " tokens",
                "raise data.max_length");
        return all.select(kept).behind();
    }
}
