package cglora.kernels.error;

import java.util.List;
import java.util.stream.Collectors;

/// Something a person can put right: the message says what, where, what was expected and how to fix
/// it. A failure of
/// our own code is any other exception.
public final class CgloraException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    public CgloraException(ErrorCode code, String where, String what, String fix) {
        this(List.of(new Problem(code, where, what, fix)), null);
    }

    public CgloraException(ErrorCode code, String where, String what, String fix, Throwable cause) {
        this(List.of(new Problem(code, where, what, fix)), cause);
    }

    CgloraException(List<Problem> problems, Throwable cause) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")), cause);
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }

    /// The exit status of the first problem; problems are reported in the order in which they
    /// should be mended.
    public int exitStatus() {
        return problems.getFirst().code().kind().exitStatus();
    }
}
