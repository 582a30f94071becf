package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.data.Rows;
import cglora.pipeline.spec.DataSpec;
import java.util.stream.IntStream;

/// What is done with rows whose texts have more tokens than a data stage gives them.
record Overflow(DataSpec spec, SplitRows split, Problems warnings) {
    /// Cuts them, leaves them out or refuses them, as `overflow` says.
    ///
    /// @param data the tokens as far as they are taken; some were left off
    /// @throws CgloraException D-LENGTH where rows are too long and that is an error
    Dataset applied(Dataset data) {
        String source = split.source();
        String what =
                "%d of %d rows (%.1f%%) exceed %d tokens; %d would hold all"
                        .formatted(
                                data.truncated(),
                                data.size(),
                                100.0 * data.truncated() / data.size(),
                                spec.maxLength(),
                                data.longest());
        return switch (spec.overflow()) {
            case TRUNCATE -> {
                requireCut(data);
                warnings.warning(
                        ErrorCode.D_TRUNC,
                        source,
                        what
                                + "; they are cut%s: %.1f%% of all tokens go"
                                        .formatted(place(), 100 * lost(data)),
                        "raise data.max_length");
                yield data;
            }
            case ERROR ->
                    throw new CgloraException(
                            ErrorCode.D_LENGTH,
                            source,
                            what,
                            "raise data.max_length, or \"overflow\": \"truncate\"");
            case DROP -> {
                int[] kept =
                        IntStream.range(0, data.size())
                                .filter(i -> data.tokens().fullLength(i) <= spec.maxLength())
                                .toArray();
                if (kept.length == 0) {
                    throw new CgloraException(
                            ErrorCode.D_LENGTH, source, what, "raise data.max_length");
                }
                warnings.warning(
                        ErrorCode.D_TRUNC,
                        source,
                        what + "; they are left out",
                        "raise data.max_length");
                yield data.select(kept);
            }
        };
    }

    /// @throws CgloraException D-LENGTH where rows would have to be cut in a text that is to stay
    private void requireCut(Dataset data) {
        int[] uncut =
                IntStream.range(0, data.size())
                        .filter(i -> data.tokens().length(i) > spec.maxLength())
                        .toArray();
        if (uncut.length == 0) {
            return;
        }
        Rows rows = split.rows();
        int first = split.places()[uncut[0]];
        throw new CgloraException(
                ErrorCode.D_LENGTH,
                rows.file(first).orElse(split.source()) + ":" + rows.line(first),
                "%d of %d rows cannot be cut to %d tokens in their %s text alone; the first has %d"
                        .formatted(
                                uncut.length,
                                data.size(),
                                spec.maxLength(),
                                spec.truncation() == DataSpec.Cut.ONLY_FIRST ? "first" : "second",
                                data.tokens().fullLength(uncut[0])),
                "\"truncation\": \"longest_first\", a larger max_length, or \"overflow\":"
                        + " \"drop\"");
    }

    /// Where tokens go, in words; nothing for the ends of the longer texts.
    private String place() {
        String text =
                switch (spec.truncation()) {
                    case LONGEST_FIRST -> "";
                    case ONLY_FIRST -> " in their first text";
                    case ONLY_SECOND -> " in their second text";
                };
        return spec.truncationSide() == DataSpec.CutSide.LEFT
                ? " at the beginning" + text.replace("in their", "of their")
                : text;
    }

    /// The share of all tokens that were cut.
    private static double lost(Dataset data) {
        long all = 0;
        long kept = 0;
        for (int i = 0; i < data.size(); i++) {
            all += data.tokens().fullLength(i);
            kept += data.tokens().length(i);
        }
        return (double) (all - kept) / all;
    }
}
