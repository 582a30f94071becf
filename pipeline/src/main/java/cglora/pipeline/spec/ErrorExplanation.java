package cglora.pipeline.spec;

import cglora.kernels.error.ErrorCode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What the code of an error or a warning means, in lines for a person.
public final class ErrorExplanation {
    private ErrorExplanation() {}

    /// @param text a code such as `D-LABEL`
    /// @return empty for what is no code
    public static Optional<String> of(String text) {
        String name = text.toUpperCase(Locale.ROOT).replace('-', '_');
        return Arrays.stream(ErrorCode.values())
                .filter(code -> code.name().equals(name))
                .findFirst()
                .map(
                        code ->
                                "%s%n  %s%n  as an error it ends a command with status %d%n"
                                        .formatted(code, code.meaning(), code.kind().exitStatus()));
    }

    /// All codes.
    static List<String> all() {
        return Arrays.stream(ErrorCode.values()).map(ErrorCode::toString).toList();
    }
}
