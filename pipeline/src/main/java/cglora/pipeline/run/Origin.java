package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// What an earlier run says of the model and the classes that something it keeps was made with.
///
/// @param place where it is
/// @param made  how, such as `gathered`
/// @param again how it is made anew
record Origin(Path place, String made, String again) {
    /// @param about   has `base_sha256` and `labels`
    /// @param headKey the key in `about` of [Inputs#headName]
    /// @param problems is given A-BASE and D-LABEL where another model, head or classes are used
    ///     here
    void require(JsonNode about, String headKey, Inputs inputs, Problems problems) {
        String expected = about.path("base_sha256").asString("");
        String found = inputs.checkpoint().fingerprint();
        inputs.checkpoint().weights().release();
        if (!found.equals(expected)) {
            problems.error(
                    ErrorCode.A_BASE,
                    place.toString(),
                    "%s with weights of SHA-256 %.12s…, those of %s are %.12s…"
                            .formatted(made, expected, inputs.checkpoint().description(), found),
                    "take its base model, or " + again);
        }
        List<String> names = inputs.examples().labels().names();
        List<String> theirs = about.path("labels").valueStream().map(n -> n.asString("")).toList();
        if (!names.equals(theirs)) {
            problems.error(
                    ErrorCode.D_LABEL,
                    place.toString(),
                    "%s for the classes %s, the data has %s".formatted(made, theirs, names),
                    again);
        }
        String head = about.path(headKey).asString("");
        if (!head.equals(inputs.headName())) {
            problems.error(
                    ErrorCode.A_BASE,
                    place.toString(),
                    "%s with pooling or task %s, here it is %s"
                            .formatted(made, head, inputs.headName()),
                    again);
        }
    }
}
